/** Names of seeded users and tenants; all can be converted to ASCII for addresses. */

export const firstNames = split(`
  Ada Aisha Alejandro Amara Amélie Anders Anika Anneliese Antonio Arjun Astrid Aylin Beatriz Björn
  Camila Carlos Charlotte Chiara Chidi Chloé Clara Daniel David Diego Dmitri Elena Elif Emeka Emil
  Emma Esra Fatima Felix Fernanda Finn Freya Gabriel Giulia Greta Hana Hannah Haruto Hélène Hiroshi
  Ibrahim Ines Ingrid Isabella Ivan Jamal Jana João José Juan Júlia Kamal Katarina Kenji Klara
  Kwame Lars Laura Leila Léa Liam Lin Lucas Lucía Luis Mariam Marta Mateo Max Mei Mia Milan Mina
  Mohammed Naomi Nia Nikhil Nina Noah Noor Olga Oliver Omar Oscar Paula Pedro Petra Priya Rafael
  Rana Ravi Rosa Ruth Samir Sara Sofia Søren Sven Tariq Thomas Tomás Uma Valentina Victor Wanjiru
  Wei Yara Yasmin Yuki Yusuf Zahra Zoë`);

export const lastNames = split(`
  Abebe Adeyemi Ahmed Almeida Andersson Bakker Banerjee Bauer Becker Bernard Bianchi Castro Cheng
  Choi Cohen Conti Costa Cruz Diallo Díaz Dubois Eriksen Fernández Ferrari Fischer Fontaine Fujita
  García Gomes González Gupta Haddad Hansen Hernández Hoffmann Horváth Ibarra Ivanova Jansen Jensen
  Johnson Kaplan Kato Keller Khan Kim Klein Kovács Kumar Laurent Lehmann Lindqvist López Mäkinen
  Martin Mbeki Mehta Meyer Mishra Moreau Moreno Müller Mwangi Nakamura Navarro Nguyen Nielsen Novák
  Núñez Okafor Okonkwo Oliveira Ortiz Osei Park Patel Peeters Pereira Petrov Popescu Ramos Reddy
  Ribeiro Richter Romano Rossi Russo Sánchez Santos Sato Schmidt Schneider Sharma Silva Simon Singh
  Smith Sokolov Suzuki Takahashi Tanaka Tran Usman Vargas Vega Virtanen Wagner Wang Watanabe Weber
  Wilson Yamamoto Yilmaz Zhang Zimmermann`);

export const tenantAdjectives = split(`
  Amber Arctic Atlas Blue Bold Bright Calm Cedar Clear Cobalt Copper Coral Crimson Crystal Delta
  Eastern Ember First Global Golden Grand Granite Green Harbor Humble Indigo Iron Ivory Jade Keen
  Lakeside Liberty Lunar Maple Modern Noble Northern Nova Oak Ocean Open Orchid Pacific Pioneer
  Polar Prime Quiet Rapid Red River Royal Silver Solar Southern Stellar Summit Swift Urban Vivid
  Western`);

export const tenantNouns = split(`
  Academy Analytics Aviation Bakery Bank Biotech Builders Cargo Clinic Coffee Collective Design
  Dynamics Electric Energy Engineering Farms Finance Foods Foundry Freight Games Health Holdings
  Hotels Industries Insurance Labs Legal Logistics Marine Media Mobility Motors Networks Optics
  Partners Pharma Pictures Press Properties Publishing Railways Records Research Retail Robotics
  School Security Software Solutions Sports Studio Systems Telecom Textiles Travel Ventures Water
  Works`);

export const departments = split(
  'Engineering Sales Support Marketing Finance Operations Design Legal',
);
export const plans = split('free free free team team business enterprise');
export const countries = split('BR CA DE ES FR GB IN IT JP KE MX NG NL PL SE US ZA');
export const locales = split('en en en en-GB de fr es pt-BR it ja nl sv');

/** User agents of common browsers. */
export const userAgents: readonly [string, ...string[]] = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
];

/** Letters that Unicode does not decompose into a plain letter and marks. */
const plainLetters: Readonly<Record<string, string>> = { ø: 'o' };

/** A name as the part of an address: "Zoë" becomes `zoe`. */
export function toAscii(name: string): string {
  return name
    .toLowerCase()
    .replace(/ø/g, (letter) => plainLetters[letter] ?? '')
    .normalize('NFKD')
    .replace(/[^a-z]/g, '');
}

function split(words: string): [string, ...string[]] {
  const [first = '', ...rest] = words.trim().split(/\s+/);
  return [first, ...rest];
}
