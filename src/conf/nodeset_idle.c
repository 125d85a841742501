/*
 * Exclusions that leave out nothing: who is named behind "!" is meant to be in the set, and is not.
 */
#include "base/utf8.h"
#include "conf/login_name.h"
#include "conf/nodeset.h"

/* A login of the host that `name` is about, as it is in the set; NULL: there is none. */
static const char *find_host(const struct nodeset *set, struct str name)
{
	const struct str host = login_name_host(name);
	const char *found = NULL;

	for (size_t i = 0; i < set->names_count; i++) {
		const struct str there = str_of(set->names[i]);

		if (str_eq(there, host)) {
			return set->names[i];
		}
		if (!found && str_eq(login_name_host(there), host)) {
			found = set->names[i];
		}
	}
	return found;
}

int nodeset_fail_idle(
	const struct nodeset *set, struct str term, struct arena *arena, struct err *err)
{
	const char *there = find_host(set, term);
	const char *what = utf8_quote(term).text;

	if (there && str_eq(str_of(there), term)) {
		return err_set(err, ERR_INPUT,
			"'!%s' leaves out nothing: it takes from what stands before it", what);
	}
	if (there) {
		return err_set(err, ERR_INPUT,
			"'!%s' leaves out nothing: the selection has '%s'; write '!%s'", what,
			there, there);
	}
	return err_set(err, ERR_INPUT,
		"'!%s' leaves out nothing: no server of the selection is that; these are in it: %s",
		what, nodeset_fold(set, arena));
}

int nodeset_check_idle(const struct nodeset *set, struct arena *arena, struct err *err)
{
	return set->idle ? nodeset_fail_idle(set, str_of(set->idle), arena, err) : 0;
}
