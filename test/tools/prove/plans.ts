/** One run of a statement, at the top or inside a function. */
export type Run = {
  /** The statement on one line. */
  text: string;
  ms: number;
  /** Pages of 8 KiB read, from memory or disk. */
  buffers: number;
  plan: PlanNode;
};

/** A node of a plan in PostgreSQL's JSON format; only the fields used here. */
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

/** The level of detail. Counting buffers and rows at every node takes time, logging statements in functions takes more. */
export type PlanDetail = 'everything' | 'buffers' | 'times';

/** SQL that makes new connections to a database log every statement with its plan. */
export const logPlansSql = (database: string, detail: PlanDetail) =>
  Object.entries({
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': detail === 'times' ? 'off' : 'on',
    'auto_explain.log_buffers': 'on',
    // Reading the clock at every node would take longer than a short statement.
    'auto_explain.log_timing': 'off',
    'auto_explain.log_nested_statements': detail === 'everything' ? 'on' : 'off',
    'auto_explain.log_parameter_max_length': '0',
    'auto_explain.log_format': 'json',
  })
    .map(([name, value]) => `alter database ${database} set ${name} = '${value}'`)
    .join('; ');

/** The runs in a part of the log, in the order of their end. */
export function readRuns(log: string): Run[] {
  const runs: Run[] = [];
  // Continuation lines of a message begin with a tab.
  for (const [, ms, json] of log.matchAll(/duration: ([\d.]+) ms {2}plan:\n((?:\t.*\n)+)/g)) {
    const logged = JSON.parse(json ?? '') as { 'Query Text': string; Plan: PlanNode };
    const { Plan: plan } = logged;
    const text = logged['Query Text'].replaceAll(/\s+/g, ' ').trim();
    // Transaction control and settings are not measured.
    if (/^(begin|commit|rollback|set|show|explain)\b/i.test(text)) continue;
    // The body of a `begin atomic` function is logged without its text.
    const name = text === '' ? `inside a function: ${nameShape(plan)}` : text;
    runs.push({ text: name, ms: Number(ms), buffers: countBuffers(plan), plan });
  }
  return runs;
}

/** The counts of a node include those of its children. */
function countBuffers(plan: PlanNode): number {
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

/** All nodes of a plan, from the top. */
export function listNodes(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(listNodes)];
}

/** Indexes that a plan scans, or uses to detect conflicts. */
export function listIndexes(plan: PlanNode): string[] {
  return listNodes(plan).flatMap((node) => [
    ...(node['Index Name'] === undefined ? [] : [node['Index Name']]),
    ...(node['Conflict Arbiter Indexes'] ?? []),
  ]);
}

/** Tables that a plan reads whole, in nodes that were executed. */
export function listSequentialScans(plan: PlanNode): string[] {
  return listNodes(plan)
    .filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Loops'] !== 0)
    .map((node) => node['Relation Name'] ?? '');
}

/** The plan as indented lines, with the index, table or function of each node. */
export function formatPlan(plan: PlanNode, depth = 0): string[] {
  const about = plan['Index Name'] ?? plan['Relation Name'] ?? plan['Function Name'];
  const table = plan['Index Name'] && plan['Relation Name'] ? ` on ${plan['Relation Name']}` : '';
  const loops = plan['Actual Loops'] ?? 0;
  const rows = (plan['Actual Rows'] ?? 0) * loops;
  const rowsText = loops === 0 ? 'not run' : `rows ${formatCount(rows)}`;
  const title = about === undefined ? plan['Node Type'] : `${plan['Node Type']} ${about}${table}`;
  return [
    `${'  '.repeat(depth)}${title} (${rowsText})`,
    ...(plan.Plans ?? []).flatMap((child) => formatPlan(child, depth + 1)),
  ];
}

/** The nodes, tables and indexes of a plan without figures, to compare plans. */
export function nameShape(plan: PlanNode): string {
  const about = plan['Index Name'] ?? plan['Relation Name'] ?? plan['Function Name'] ?? '';
  const inside = (plan.Plans ?? []).map(nameShape).join(', ');
  return `${plan['Node Type']} ${about}(${inside})`;
}

const formatCount = (count: number) => String(Math.round(count));
