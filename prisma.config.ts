import { defineConfig } from 'prisma/config';

// `prisma generate` never runs the schema engine, but it downloads one unless it is told of any
// file that exists. Whoever has the real binary names it in the same variable.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

// Nothing is sent anywhere: without this Prisma's command asks its maker for updates.
process.env.CHECKPOINT_DISABLE ??= '1';

/**
 * For `prisma generate` and `prisma format`. The program applies the migrations itself (src/db/migrate.ts), in the same
 * `_prisma_migrations` table: `prisma migrate deploy` would leave out migrations/functions/.
 */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://127.0.0.1/tenantry' },
});
