/*
 * All kinds of receivers, in one sorted table.
 */
#ifndef NOTIFY_NOTIFY_KINDS_H
#define NOTIFY_NOTIFY_KINDS_H

#include <stddef.h>

#include "base/str.h"
#include "conf/option.h"

struct notifier_kind;

/* One for each file notify_<kind>.c. */
extern const struct notifier_kind notify_alertmanager;
extern const struct notifier_kind notify_discord;
extern const struct notifier_kind notify_email;
extern const struct notifier_kind notify_exec;
extern const struct notifier_kind notify_log;
extern const struct notifier_kind notify_ntfy;
extern const struct notifier_kind notify_opsgenie;
extern const struct notifier_kind notify_pagerduty;
extern const struct notifier_kind notify_slack;
extern const struct notifier_kind notify_teams;
extern const struct notifier_kind notify_webhook;

const struct notifier_kind *const *notify_kinds(size_t *ret_count);
const struct notifier_kind *notify_kind_find(struct str name); /* NULL: none */
const struct option_variant *const *notify_kind_variants(size_t *ret_count);

#endif
