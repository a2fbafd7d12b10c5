/**
 * The words and names that lead published lists of leaked passwords. They are stems, not whole passwords:
 * `password-rules.ts` finds them repeated, capitalised, spelled with signs, joined and padded, so each stands for
 * many passwords. Words of four letters or more, lower case, without accents.
 */
export const commonWords: ReadonlySet<string> = new Set(
  `
  password passwort passwd passw0rd passphrase pass parola contrasena senha wachtwoord
  motdepasse secret secure security letmein welcome welkom willkommen bienvenue bienvenido login
  logon signin admin administrator root toor user username guest test testing tester temp
  temporary default changeme changeit change access account master server system oracle cisco
  router manager support service office computer laptop desktop internet network windows linux
  ubuntu microsoft google facebook twitter instagram youtube linkedin snapchat whatsapp amazon
  netflix yahoo hotmail gmail apple samsung nokia android iphone database backup public private
  demo example sample company business corporate enterprise department team boss staff client
  customer supervisor wrong mypassword newpassword yourpassword thepassword open opensesame
  sesame enter keys iloveyou iloveme ilove loveyou loveme love lover lovers lovely loving
  beloved forever always jesus christ christian godisgood jesuschrist heaven angel angels angelo
  faith hope grace bless blessed blessing miracle spirit holy bible church trustno1 trustnoone
  trust believe princess prince queen king kings kingdom knight royal duchess baby babygirl
  babyboy cutie pretty beautiful beauty gorgeous handsome sweet sweetie sweetheart sweety honey
  honeybee darling sugar candy cookie cookies cupcake chocolate vanilla caramel coffee pepper
  ginger cinnamon peanut butter banana apples orange oranges lemon cherry strawberry blueberry
  peaches mango pumpkin tomato potato cheese bacon burger pizza chicken turkey noodle spaghetti
  pancake muffin brownie popcorn snickers monkey dragon dragons tiger tigers lion lions panther
  leopard cheetah wolf wolves wolverine bear bears panda koala eagle eagles falcon hawk hawks
  phoenix raven robin sparrow penguin parrot dolphin dolphins shark whale turtle spider scorpion
  snake viper cobra python lizard frog froggy rabbit bunny hamster kitty kitten kittycat cats
  doggy doggie puppy puppies poodle horse horses pony ponies mustang stallion donkey elephant
  giraffe zebra gorilla beaver badger squirrel otter butterfly ladybug bumblebee dinosaur
  unicorn mermaid fairy wizard witch vampire zombie ghost pussycat pussy snoopy garfield tweety
  sylvester scooby scoobydoo mickey minnie pluto donald daisy goofy tinkerbell cinderella
  snowwhite pocahontas ariel bambi simba nemo shrek pikachu pokemon digimon naruto sasuke sakura
  goku dragonball onepiece hellokitty spongebob simpson simpsons homer bart superman batman
  spiderman ironman hulk wonderwoman superstar starwars skywalker darthvader yoda anakin jedi
  chewbacca matrix gandalf frodo hobbit mordor sauron legolas aragorn potter harrypotter
  hogwarts voldemort hermione terminator rambo rocky predator alien aliens startrek spock picard
  trinity morpheus bond jamesbond sherlock zorro godzilla football baseball basketball hockey
  soccer tennis golfer golf softball volleyball cricket rugby boxing wrestling swimming running
  runner surfer skater skate skateboard snowboard fishing hunter hunting racing racer biker
  cycling karate ninja samurai warrior fighter champion winner victory liverpool arsenal chelsea
  manchester manutd united barcelona realmadrid madrid juventus milan inter everton rangers
  celtic tottenham newcastle benfica sporting ajax bayern dortmund flamengo corinthians
  palmeiras santos boca river yankees redsox lakers celtics knicks bulls heat spurs rockets
  warriors cowboys steelers packers patriots broncos raiders redskins giants dodgers cubs
  cardinals braves mets phillies marlins bruins flyers penguins canucks maple leafs jordan
  lebron kobe messi ronaldo neymar beckham maradona pele zidane rooney gerrard schumacher senna
  mercedes porsche ferrari lamborghini corvette camaro chevy chevrolet ford toyota honda nissan
  yamaha kawasaki suzuki ducati harley davidson subaru mazda volvo audi jaguar bentley cadillac
  pontiac firebird dodge hummer jeep truck trucks trucker tractor engine turbo nitro diesel
  gasoline train airplane airborne pilot rocket apollo nascar music guitar guitars drummer drums
  piano bass trumpet violin singer metal metallica slipknot korn nirvana acdc ironmaiden maiden
  slayer pantera megadeth blink182 greenday linkin linkinpark eminem tupac 2pac snoopdogg rapper
  hiphop reggae marley bobmarley beatles lennon mccartney elvis presley madonna britney spears
  rihanna beyonce shakira onedirection directioner justinbieber bieber taylorswift jonas gaga
  floyd pinkfloyd zeppelin ledzeppelin hendrix rolling stones stone rockstar rockandroll
  rocknroll rock punk gothic disco dance dancer dancing party summer winter spring autumn
  january february march april june july august september october november december monday
  tuesday wednesday thursday friday saturday sunday today tomorrow yesterday morning midnight
  night sunset sunrise sunshine sunny sunflower rainbow rain snow snowball snowman snowflake
  storm stormy thunder lightning hurricane tornado cloud clouds moon moonlight star stars
  starlight stardust galaxy universe cosmos planet earth mars venus jupiter saturn mercury
  neptune uranus ocean beach island islands mountain forest flower flowers rose roses lily
  violet jasmine tulip orchid garden jungle desert diamond diamonds crystal emerald ruby
  sapphire pearl silver gold golden platinum bronze steel iron copper titanium fire flame flames
  fireman firefly water black white blue green yellow purple pink brown grey gray blackie blacky
  whitey scarlet crimson indigo magenta turquoise blackcat blackjack bluesky bluebird bluemoon
  hello helloworld goodbye goodluck goodmorning thankyou please sorry smile smiley happy
  happiness happyday laugh funny crazy insane psycho maniac killer kill murder death dead devil
  demon satan lucifer evil hell hellfire danger dangerous shadow shadows darkness dark darkside
  darkangel darklord blood bloody skull skulls bones reaper sniper soldier marine marines army
  navy airforce military sergeant captain colonel general commander major ranger pirate pirates
  viking vikings spartan spartans gladiator trojan trojans legend legends hero heroes magic
  magical mystic mystery fantasy final finalfantasy zelda mario luigi sonic pacman tetris
  minecraft fortnite roblox warcraft starcraft worldofwarcraft diablo counterstrike counter
  strike halo quake doom callofduty playstation nintendo xbox gameboy gamer games game player
  playboy poker casino lucky fortune money dollar dollars cash rich richie million millionaire
  success bigboss bigdaddy bigdog bigboy bigmoney topgun numberone number thebest best perfect
  awesome amazing fantastic wonderful excellent super cool coolness freedom liberty peace
  justice power energy force forces destiny dream dreams dreamer imagine home house family
  mother father mommy daddy mama papa mamma sister brother brothers grandma grandpa friend
  friends friendship bestfriend girlfriend boyfriend husband wife children child kids boys girl
  girls woman women lady ladies gentleman student teacher school college university science
  physics biology history math english spanish french german italian america american canada
  canadian mexico mexican brazil brasil argentina colombia chile peru venezuela espana spain
  france paris london england british scotland scottish ireland irish wales italy italia rome
  venice germany deutschland berlin hamburg munich austria vienna holland amsterdam nederland
  belgium sweden norway denmark finland poland polska warsaw russia moscow ukraine turkiye
  istanbul galatasaray fenerbahce besiktas greece athens egypt israel india indian mumbai delhi
  pakistan china chinese beijing japan japanese tokyo korea seoul vietnam thailand indonesia
  jakarta manila philippines australia sydney melbourne africa nigeria kenya california texas
  florida newyork brooklyn chicago boston dallas denver houston seattle detroit philly miami
  atlanta vegas lasvegas hollywood losangeles sandiego sanfrancisco hawaii michael michelle
  michele mike jennifer jessica ashley amanda daniel danielle david james john johnny jonathan
  joseph joshua matthew andrew anthony william robert thomas charles christopher chris christine
  christina george edward richard steven stephen stephanie patrick patricia nicholas nicole
  natalie natasha nathan alexander alexandra alexis alex alejandro alejandra andrea andrei
  andreas antonio angela angelica anna annie anne barbara benjamin bernard brandon brandy brian
  bryan brittany cameron carlos carolina caroline carmen catherine charlie charlotte claudia
  claire connor courtney cynthia damian debbie deborah dennis derek diana diego dominic donna
  dorothy douglas dylan eduardo elizabeth emily emma eric erica erika ernesto ethan eugene
  felipe fernando fernanda francis francisco frank frankie fred freddy gabriel gabriela garrett
  gemma gerald gloria gordon gregory hannah harold harry heather helen henry howard isabel
  isabella isaac ivan jack jackie jackson jacob jake jason jeremy jeffrey jenny jerry jimmy
  joanna jorge jose juan julia julian julie julius justin karen karina katherine kathleen katie
  kelly kenneth kevin kimberly kristen kristina kyle larry laura lauren leonardo leslie linda
  lindsay lisa logan louis louise lucas lucy luis madison manuel marcus margaret maria mariana
  marie marina mark martha martin martina mary matt maurice maverick megan melanie melissa
  miguel miranda molly monica morgan nancy nelson nicolas nikita oliver olivia oscar pablo
  pamela paola patricio paul paula pedro peter philip phillip rachel ralph ramon raymond rebecca
  ricardo rick ricky roberto rodrigo roger roland roman ronald rosemary roxana ruth ryan sabrina
  samantha sammy samuel sandra sara sarah scott sean sebastian sergio shannon sharon shawn
  sheila sierra silvia simon sofia sophia sophie stella steve stuart susan sylvia tanya tatiana
  taylor teresa theodore theresa tiffany timothy todd tommy tony tracy travis trevor tyler
  valentina valeria valerie vanessa veronica victor victoria vincent virginia viviana walter
  wendy wesley whitney xavier yolanda yvonne zachary buddy bailey bandit baxter bella brutus
  buster casper chester chance cooper dakota dexter duke fluffy gizmo jasper joker lassie maggie
  misty muffy murphy oreo patches precious rascal riley rover rusty sadie sasha scooter scruffy
  shelby smokey snowy socks sparky spike spot tigger tinker toby trixie winston winnie woody
  ziggy zeus athena hades hercules poseidon odin thor loki freya merlin arthur camelot excalibur
  lancelot guinevere robinhood cleopatra pharaoh caesar spartacus napoleon einstein newton
  darwin galileo mozart beethoven picasso davinci shakespeare fuck fucking fuckyou fuckoff
  motherfucker shit bullshit asshole bitch bitches bastard dick dickhead porn porno sexy
  sexygirl naked nude horny hardcore viagra hustler lesbian playgirl qwerty qwertz azerty asdf
  asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qweasd wasd dvorak abcdef abcd abc123 a1b2c3 q1w2e3r4
  q1w2e3r4t5 1q2w3e4r 1qaz2wsx zaq12wsx qwe123 asd123 deadbeef cafebabe feedface badcafe foobar
  foobarbaz fubar lorem ipsum loremipsum acme blah asdasd qweqwe zxczxc haha hahaha lalala
  nanana dada lmao rofl noob pwned hacker hacked hacking anonymous cyber cyberpunk robot pixel
  binary program programmer developer engineer doctor nurse lawyer police agent
  `
    .trim()
    .split(/\s+/),
);

/** Orders that hands and heads know by heart; each is read forwards and backwards. */
export const commonSequences: readonly string[] = [
  'abcdefghijklmnopqrstuvwxyzabc',
  '01234567890123',
  'aabbccddeeffgghh',
  '112233445566778899',
  '1a2b3c4d5e6f7g8h9i',
  'a1b2c3d4e5f6g7h8i9',
  // Rows and columns of the American, German and French keyboards.
  '`1234567890-=',
  '~!@#$%^&*()_+',
  'qwertyuiop[]\\',
  "asdfghjkl;'",
  'zxcvbnm,./',
  'qwertzuiopü',
  'yxcvbnm,.-',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  '!qaz@wsx#edc$rfv%tgb',
];
