import './graphql/scalars.ts';
import './graphql/errors.ts';
import './domains/users/schema.ts';
import './domains/users/schema/life-cycle.ts';
import './domains/tenants/schema.ts';
import './domains/tenants/schema/settings.ts';
import './domains/tenants/schema/life-cycle.ts';
import './domains/roles/schema/role.ts';
import './domains/roles/schema/permission.ts';
import './domains/roles/schema/mutations.ts';
import './domains/memberships/schema.ts';
import './domains/memberships/schema/transfer.ts';
import './domains/sessions/schema/session.ts';
import './domains/sessions/schema/viewer.ts';
import './domains/sessions/schema/mutations.ts';
import './domains/audit/schema.ts';
import './domains/audit/schema/streams.ts';
import './domains/maintenance/schema.ts';
import { builder } from './graphql/builder.ts';

/** The whole public schema; each domain adds its part when it is loaded above. */
export const schema = builder.toSchema();
