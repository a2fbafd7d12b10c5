import { InvalidInputError } from '../core/app-error.ts';
import type { Ctx } from '../core/context.ts';
import { builder } from './builder.ts';
import { type NodeKey, type NodeType, parseGlobalId } from './ids.ts';
import { price } from './price.ts';

const idsPerCallMax = 100;

/** Cost of one id: each may belong to another tenant, so most take a statement of their own. */
const lookupCost = 10;

/** Interface of the objects that `node` can look up. */
export const Node = builder.interfaceRef<object>('Node').implement({
  description: 'An object with a global id, which `node` looks up.',
  resolveType: (value) => (value as { __typename: string }).__typename,
  fields: (t) => ({
    id: t.id({
      description: 'Opaque global id, for `node` and for inputs.',
      resolve: () => '',
    }),
  }),
});

type FindNode = (ctx: Ctx, key: NodeKey) => Promise<object | null>;
const finders = new Map<NodeType, FindNode>();

/** Makes a type available to `node`; `find` returns null for objects that the caller may not see. */
export function registerNode(type: NodeType, find: FindNode): void {
  finders.set(type, find);
}

builder.queryFields((t) => ({
  node: t.field({
    type: Node,
    nullable: true,
    description: 'The object with this id; null if there is none that the caller may see.',
    extensions: price({ own: lookupCost }),
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => findNode(ctx, id),
  }),
  nodes: t.field({
    type: [Node],
    nullable: { list: false, items: true },
    description: `Looks up at most ${idsPerCallMax} objects, in the order of the ids.`,
    extensions: price({ own: lookupCost }),
    args: { ids: t.arg.idList({ required: true }) },
    resolve: (_root, { ids }, ctx) => {
      if (ids.length > idsPerCallMax) {
        throw new InvalidInputError(`Request at most ${idsPerCallMax} ids at once.`, ['ids']);
      }
      return ids.map((id) => findNode(ctx, id));
    },
  }),
}));

/**
 * Finds an object by type and bare id. Returns null for an unknown type and for objects that the caller may not see.
 */
export async function findNodeOf(
  ctx: Ctx,
  type: string | null,
  key: { id: string | null; tenantId: string | null },
): Promise<object | null> {
  const find = finders.get(type as NodeType);
  if (key.id === null || find === undefined) return null;
  const found = await find(ctx, { id: key.id, tenantId: key.tenantId });
  return found ? { ...found, __typename: type } : null;
}

async function findNode(ctx: Ctx, globalId: string): Promise<object | null> {
  const parsed = parseGlobalId(globalId);
  return parsed && findNodeOf(ctx, parsed.type, parsed.key);
}
