import {
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** Parts of the schema that no document uses, as `Type.field`, `Type.field(argument)`, `Input.field` or `Enum.VALUE`. */
export function listUnused(schema: GraphQLSchema, documents: readonly string[]): string[] {
  const used = new Set(documents.flatMap((document) => listUsed(schema, document)));
  return listAll(schema).filter((place) => !used.has(place));
}

function listAll(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('__')) return [];
    if (isInputObjectType(type)) return listFields(type.getFields(), type.name);
    // Of the enums only orders affect a plan.
    if (isEnumType(type) && /Order/.test(type.name)) {
      return type.getValues().map(({ name }) => `${type.name}.${name}`);
    }
    // Errors need no statement.
    if (!isObjectType(type) || type.name.endsWith('Error')) return [];
    return Object.values(type.getFields()).flatMap((field) => [
      `${type.name}.${field.name}`,
      ...field.args.map((arg) => `${type.name}.${field.name}(${arg.name})`),
    ]);
  });
}

function listFields(fields: Record<string, unknown>, type: string): string[] {
  return Object.keys(fields).map((name) => `${type}.${name}`);
}

function listUsed(schema: GraphQLSchema, text: string): string[] {
  const document = parse(text);
  const [error] = validate(schema, document);
  if (error) throw new Error(`${error.message}\n${text}`);
  const info = new TypeInfo(schema);
  const used: string[] = [];
  visit(
    document,
    visitWithTypeInfo(info, {
      Field(node) {
        const parent = info.getParentType();
        if (!parent) return;
        for (const type of listConcrete(schema, parent.name)) {
          used.push(`${type}.${node.name.value}`);
          for (const arg of node.arguments ?? []) {
            used.push(`${type}.${node.name.value}(${arg.name.value})`);
          }
        }
      },
      ObjectField(node) {
        const parent = info.getParentInputType();
        if (parent) used.push(`${getNamedType(parent).name}.${node.name.value}`);
      },
      EnumValue(node) {
        const type = info.getInputType();
        if (type) used.push(`${getNamedType(type).name}.${node.value}`);
      },
    }),
  );
  return used;
}

/** The object types of a type; for an interface, all that implement it. */
function listConcrete(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  if (!isInterfaceType(type)) return [name];
  return schema.getPossibleTypes(type).map((possible) => possible.name);
}
