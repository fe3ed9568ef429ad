-- What lists are sorted and narrowed by, beside the keys that the tables have anyway.
create index part_by_name on part (organization_id, lower(name), id);
create index part_by_category on part (organization_id, category, id) where category is not null;
create index part_by_supplier on part (organization_id, supplier, id) where supplier is not null;
create index movement_by_creation on movement (organization_id, created_at, id);
create index movement_by_occurrence on movement (organization_id, occurred_at, id);
