/*
 * What each kind of check measures, as tables for the documentation.
 */
#ifndef CMD_KIND_TABLES_H
#define CMD_KIND_TABLES_H

#include "base/arena.h"
#include "conf/docs.h"

/* A table for each kind that says beforehand what it measures; the last has heading NULL. */
const struct doc_table *kind_tables(struct arena *);

#endif
