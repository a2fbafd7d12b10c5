/** One run of a statement, at the top or inside a function. */
export type Run = {
  /** The statement on one line. */
  text: string;
  ms: number;
  /** Pages of 8 KiB that it looked at, in memory or not. */
  buffers: number;
  plan: PlanNode;
};

/** A node of PostgreSQL's own JSON form, as far as it is read here. */
export type PlanNode = {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Function Name'?: string;
  'Conflict Arbiter Indexes'?: string[];
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
};

/** Buffers and rows are counted at every node, which takes time; statements in functions take yet more. */
export type Told = 'everything' | 'buffers' | 'times';

/** Has every statement of a database's new connections told with its plan in the server's log. */
export const tellPlansSql = (database: string, told: Told) =>
  Object.entries({
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': told === 'times' ? 'off' : 'on',
    'auto_explain.log_buffers': 'on',
    // A clock at every node would be most of the time of a short statement.
    'auto_explain.log_timing': 'off',
    'auto_explain.log_nested_statements': told === 'everything' ? 'on' : 'off',
    'auto_explain.log_parameter_max_length': '0',
    'auto_explain.log_format': 'json',
  })
    .map(([name, value]) => `alter database ${database} set ${name} = '${value}'`)
    .join('; ');

/** The runs in a part of the log, in the order in which they ended. */
export function readRuns(log: string): Run[] {
  const runs: Run[] = [];
  // A message goes on in lines that begin with a tab.
  for (const [, ms, json] of log.matchAll(/duration: ([\d.]+) ms {2}plan:\n((?:\t.*\n)+)/g)) {
    const told = JSON.parse(json ?? '') as { 'Query Text': string; Plan: PlanNode };
    const { Plan: plan } = told;
    const text = told['Query Text'].replaceAll(/\s+/g, ' ').trim();
    // The proof's own connection, and what Prisma and the server say about themselves.
    if (/^(begin|commit|rollback|set|show|explain)\b/i.test(text)) continue;
    // The body of a function in SQL's own form comes without its text.
    const name = text === '' ? `inside a function: ${nameShape(plan)}` : text;
    runs.push({ text: name, ms: Number(ms), buffers: countBuffers(plan), plan });
  }
  return runs;
}

/** A node counts what is below it. */
function countBuffers(plan: PlanNode): number {
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

/** All nodes, from the top. */
export function listNodes(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(listNodes)];
}

/** Indexes that it went through, or that decided a conflict. */
export function listIndexes(plan: PlanNode): string[] {
  return listNodes(plan).flatMap((node) => [
    ...(node['Index Name'] === undefined ? [] : [node['Index Name']]),
    ...(node['Conflict Arbiter Indexes'] ?? []),
  ]);
}

/** Tables that it read from the first page on; what was never run reads nothing. */
export function listSequentialScans(plan: PlanNode): string[] {
  return listNodes(plan)
    .filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Loops'] !== 0)
    .map((node) => node['Relation Name'] ?? '');
}

/** The plan as lines, indented, with what each node is about. */
export function formatPlan(plan: PlanNode, depth = 0): string[] {
  const about = plan['Index Name'] ?? plan['Relation Name'] ?? plan['Function Name'];
  const table = plan['Index Name'] && plan['Relation Name'] ? ` on ${plan['Relation Name']}` : '';
  const loops = plan['Actual Loops'] ?? 0;
  const rows = (plan['Actual Rows'] ?? 0) * loops;
  const told = loops === 0 ? 'not run' : `rows ${formatCount(rows)}`;
  const title = about === undefined ? plan['Node Type'] : `${plan['Node Type']} ${about}${table}`;
  return [
    `${'  '.repeat(depth)}${title} (${told})`,
    ...(plan.Plans ?? []).flatMap((child) => formatPlan(child, depth + 1)),
  ];
}

/** The plan without figures, to be compared: which nodes on which tables by which indexes. */
export function nameShape(plan: PlanNode): string {
  const about = plan['Index Name'] ?? plan['Relation Name'] ?? plan['Function Name'] ?? '';
  const inside = (plan.Plans ?? []).map(nameShape).join(', ');
  return `${plan['Node Type']} ${about}(${inside})`;
}

const formatCount = (count: number) => String(Math.round(count));
