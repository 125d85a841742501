/*
 * All kinds of checks, in one sorted table.
 */
#ifndef CHECK_CHECK_KINDS_H
#define CHECK_CHECK_KINDS_H

#include <stddef.h>

#include "base/str.h"
#include "conf/option.h"

struct check_kind;

/* One for each file check_<kind>.c. */
extern const struct check_kind check_exec;
extern const struct check_kind check_host;
extern const struct check_kind check_http;
extern const struct check_kind check_tcp;

const struct check_kind *const *check_kinds(size_t *ret_count);
const struct option_variant *const *check_kind_variants(size_t *ret_count);
const struct check_kind *check_kind_by_scheme(struct str scheme); /* NULL: none */

#endif
