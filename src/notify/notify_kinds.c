/*
 * The table of kinds of receivers, sorted by name.
 *
 * To add one: its file notify_<name>.c, a line here, a page docs/receivers/<name>.md, a unit test,
 * an end-to-end test.  tests/lint says what is missing.
 */
#include "notify/notify_kinds.h"

#include "base/alloc.h"
#include "notify/notifier.h"

// clang-format off
static const struct notifier_kind *const kinds[] = {
	&notify_alertmanager,
	&notify_discord,
	&notify_email,
	&notify_exec,
	&notify_log,
	&notify_ntfy,
	&notify_opsgenie,
	&notify_pagerduty,
	&notify_slack,
	&notify_teams,
	&notify_webhook,
	NULL, /* ends the table */
};
// clang-format on

enum { KINDS_COUNT = ARRAY_LEN(kinds) - 1 };

const struct notifier_kind *const *notify_kinds(size_t *ret_count)
{
	*ret_count = KINDS_COUNT;
	return kinds;
}

const struct option_variant *const *notify_kind_variants(size_t *ret_count)
{
	static const struct option_variant *variants[KINDS_COUNT + 1];

	for (size_t i = 0; kinds[i]; i++) {
		variants[i] = &kinds[i]->variant;
	}
	*ret_count = KINDS_COUNT;
	return variants;
}

const struct notifier_kind *notify_kind_find(struct str name)
{
	for (size_t i = 0; kinds[i]; i++) {
		if (str_is(name, kinds[i]->variant.name)) {
			return kinds[i];
		}
	}
	return NULL;
}
