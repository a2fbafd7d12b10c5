-- Who belongs to the tenant is looked up for each person that a statement comes upon. Left to itself PostgreSQL
-- reads all members of the tenant into a hash table first, because it counts on looking up more people than
-- the page of a list ends up with: of a tenant with 10,000 members 406 of the 816 buffers that a page of 50
-- took, and the more the larger the tenant. What has an offset is no candidate for that.
alter policy same_tenant on users
  using (exists (
    select from user_tenants m
    where m.tenant_id = (select current_tenant_id()) and m.user_id = users.id
    offset 0
  ));
