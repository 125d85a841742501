/*
 * The table of check kinds, sorted by name.
 *
 * To add one (HACKING.md has it in five steps): its file check_<name>.c, a line here, a page
 * docs/checks/<name>.md, a unit test, an end-to-end test.  tests/lint says what is missing.
 */
#include "check/check_kinds.h"

#include <string.h>

#include "base/alloc.h"
#include "check/check.h"

// clang-format off
static const struct check_kind *const kinds[] = {
	&check_exec,
	&check_host,
	&check_http,
	&check_tcp,
	NULL, /* ends the table */
};
// clang-format on

enum { KINDS_COUNT = ARRAY_LEN(kinds) - 1 };

const struct check_kind *const *check_kinds(size_t *ret_count)
{
	*ret_count = KINDS_COUNT;
	return kinds;
}

const struct option_variant *const *check_kind_variants(size_t *ret_count)
{
	static const struct option_variant *variants[KINDS_COUNT + 1];

	for (size_t i = 0; kinds[i]; i++) {
		variants[i] = &kinds[i]->variant;
	}
	*ret_count = KINDS_COUNT;
	return variants;
}

const struct check_kind *check_kind_by_scheme(struct str scheme)
{
	for (size_t i = 0; kinds[i]; i++) {
		for (const char *const *s = kinds[i]->schemes; *s; s++) {
			if (str_case_eq(scheme, str_of(*s))) {
				return kinds[i];
			}
		}
	}
	return NULL;
}
