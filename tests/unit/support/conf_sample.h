/*
 * A configuration to test readers with: every shape and type of row, two kinds of checks, steps
 * within one of them, and both kinds of lists of mappings within a section.
 */
#ifndef TESTS_UNIT_SUPPORT_CONF_SAMPLE_H
#define TESTS_UNIT_SUPPORT_CONF_SAMPLE_H

#include "base/alloc.h"
#include "conf/option.h"

struct sample_ssh {
	const char *username;
	int64_t workers;
	int64_t connect_timeout_ms;
	struct option_list ciphers;
};

struct sample_mail {
	const char *smtp;
	const char *password;
	struct option_list to;
	struct option_items routes;    /* struct sample_route */
	struct option_items receivers; /* struct sample_step */
};

struct sample_servers {
	struct option_map groups; /* of const char * */
	struct option_list files;
};

struct sample_route {
	const char *name;
	struct option_map match; /* const char * */
	struct option_list to;
	int64_t wait_ms, repeat_ms;
	struct sample_servers quiet;
	const char *origin;
	int64_t sum_ms; /* by the check of the whole */
};

struct sample {
	struct sample_servers servers;
	struct sample_ssh ssh;
	struct sample_mail mail;
	struct option_items checks; /* struct sample_check */
	const char *store;
	const char *webhook;
	int64_t pin;
	int color;
	bool is_on;
	double ratio;
	int64_t limit_bytes;
	struct option_map labels; /* const char * */
	struct option_list ports; /* int64_t */
	struct option_list tokens;
};

struct sample_check {
	const char *name;
	const struct option_variant *variant;
	void *opts;
	const char *origin;
	int64_t timeout_ms;
	struct option_map warning; /* double */
};

struct sample_http {
	const char *url;
	int method;
	struct option_list status;
	struct {
		const char *body;
		const char *header;
	} expect;
	bool has_tcp;
};

struct sample_tcp {
	const char *address;
	struct option_items dialogue; /* struct sample_step */
	bool is_open;
	int64_t min, max;
};

struct sample_step {
	const struct option_variant *variant;
	void *opts;
	const char *origin;
};

struct sample_text {
	const char *text;
};

#define AT(type, field) .offset = offsetof(struct type, field)

static const char *const sample_colors[] = {"auto", "always", "never", NULL};
static const char *const sample_methods[] = {"GET", "HEAD", "POST", NULL};

static inline int sample_label_check(struct str key, struct err *err)
{
	if (key.len > 0 && key.ptr[0] == '_') {
		return err_set(err, ERR_INPUT, "a label must not begin with '_'");
	}
	return 0;
}

// clang-format off
static const struct option_row sample_send_rows[] = {
	{.name = "send", .type = &option_string, AT(sample_text, text), .flags = OPTION_VARIANT_KEY, .help = "what to send"},
	{0},
};

static const struct option_row sample_wait_rows[] = {
	{.name = "wait", .type = &option_string, AT(sample_text, text), .flags = OPTION_VARIANT_KEY, .help = "what to wait for"},
	{0},
};

static const struct option_row sample_step_rows[] = {{0}};

static const struct option_variant sample_send = {
	.name = "send", .summary = "send", .rows = sample_send_rows, .opts_size = sizeof(struct sample_text),
};
static const struct option_variant sample_wait = {
	.name = "wait", .summary = "wait", .rows = sample_wait_rows, .opts_size = sizeof(struct sample_text),
};

static inline const struct option_variant *const *sample_step_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&sample_send, &sample_wait};

	*ret_count = ARRAY_LEN(kinds);
	return kinds;
}

static const struct option_variants sample_steps = {
	.what = "step", .common = sample_step_rows, .item_size = sizeof(struct sample_step),
	.variant_offset = offsetof(struct sample_step, variant), .opts_offset = offsetof(struct sample_step, opts),
	.origin_offset = offsetof(struct sample_step, origin), .kinds = sample_step_kinds,
};

static const struct option_row sample_expect_rows[] = {
	{.name = "body", .type = &option_string, .offset = 0, .help = "in the body"},
	{.name = "header", .type = &option_string, .offset = sizeof(const char *), .help = "in a header"},
	{0},
};

static const struct option_row sample_http_rows[] = {
	{.name = "http", .type = &option_string, AT(sample_http, url), .flags = OPTION_VARIANT_KEY, .help = "URL"},
	{.name = "method", .type = &option_choice, AT(sample_http, method), .choices = sample_methods, .def = "GET", .help = "method"},
	{.name = "status", .shape = OPTION_LIST, .type = &option_int, AT(sample_http, status), .def = "200, 204", .min = 100, .max = 599, .help = "status"},
	{.name = "expect", .shape = OPTION_SECTION, .rows = sample_expect_rows, AT(sample_http, expect), .help = "expectations"},
	{.name = "tcp", .type = &option_bool, AT(sample_http, has_tcp), .help = "an option with the name of a kind"},
	{0},
};

static const struct option_row sample_tcp_rows[] = {
	{.name = "tcp", .type = &option_string, AT(sample_tcp, address), .flags = OPTION_VARIANT_KEY, .help = "where"},
	{.name = "dialogue", .shape = OPTION_VARIANTS, .variants = &sample_steps, AT(sample_tcp, dialogue), .help = "steps"},
	{.name = "open", .type = &option_bool, AT(sample_tcp, is_open), .def = "true", .help = "must be open"},
	{.name = "min", .type = &option_int, AT(sample_tcp, min), .help = "least"},
	{.name = "max", .type = &option_int, AT(sample_tcp, max), .help = "most"},
	{0},
};

static inline int sample_tcp_validate(void *opts, struct arena *arena, struct err *err)
{
	const struct sample_tcp *tcp = opts;

	(void)arena;
	return tcp->min > tcp->max ? err_set(err, ERR_INPUT, "min is larger than max") : 0;
}

static const struct option_row sample_ping_rows[] = {
	{.name = "ping", .type = &option_string, .offset = 0, .flags = OPTION_VARIANT_KEY, .help = "whom"},
	{0},
};

static const struct option_variant sample_http_kind = {
	.name = "http", .summary = "HTTP", .rows = sample_http_rows, .opts_size = sizeof(struct sample_http),
};
static const struct option_variant sample_ping_kind = {
	.name = "ping", .summary = "ICMP", .rows = sample_ping_rows, .opts_size = sizeof(const char *),
};
static const struct option_variant sample_tcp_kind = {
	.name = "tcp", .summary = "TCP", .rows = sample_tcp_rows, .opts_size = sizeof(struct sample_tcp), .validate = sample_tcp_validate,
};

static inline const struct option_variant *const *sample_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&sample_http_kind, &sample_ping_kind, &sample_tcp_kind};

	*ret_count = ARRAY_LEN(kinds);
	return kinds;
}

static const struct option_row sample_check_rows[] = {
	{.name = "name", .type = &option_string, AT(sample_check, name), .flags = OPTION_REQUIRED, .help = "name"},
	{.name = "timeout", .type = &option_duration, AT(sample_check, timeout_ms), .def = "10s", .min = 1, .max = 3600000, .help = "how long"},
	{.name = "max_time", .type = &option_duration, AT(sample_check, timeout_ms), .help = "how long", .flags = OPTION_DEPRECATED, .instead = "timeout"},
	{.name = "warning", .shape = OPTION_MAP, .type = &option_double, AT(sample_check, warning), .help = "thresholds"},
	{0},
};

static const struct option_variants sample_checks = {
	.what = "check", .common = sample_check_rows, .item_size = sizeof(struct sample_check),
	.variant_offset = offsetof(struct sample_check, variant), .opts_offset = offsetof(struct sample_check, opts),
	.origin_offset = offsetof(struct sample_check, origin), .kinds = sample_kinds,
};

static const struct option_row sample_servers_rows[] = {
	{.name = "groups", .shape = OPTION_MAP_LIST, .type = &option_string, AT(sample_servers, groups), .help = "groups"},
	{.name = "files", .shape = OPTION_LIST, .type = &option_path, AT(sample_servers, files), .help = "files"},
	{0},
};

static const struct option_row sample_route_rows[] = {
	{.name = "name", .type = &option_string, AT(sample_route, name), .help = "name"},
	{.name = "match", .shape = OPTION_MAP, .type = &option_string, AT(sample_route, match), .help = "which"},
	{.name = "to", .shape = OPTION_LIST, .type = &option_string, AT(sample_route, to), .flags = OPTION_REQUIRED, .help = "whom"},
	{.name = "wait", .type = &option_duration, AT(sample_route, wait_ms), .def = "30s", .help = "before the first"},
	{.name = "repeat", .type = &option_duration, AT(sample_route, repeat_ms), .def = "4h", .help = "between two"},
	{.name = "again", .type = &option_duration, AT(sample_route, repeat_ms), .help = "between two", .flags = OPTION_DEPRECATED, .instead = "repeat"},
	{.name = "quiet", .shape = OPTION_SECTION, .rows = sample_servers_rows, AT(sample_route, quiet), .help = "who is quiet"},
	{0},
};

static inline int sample_route_validate(void *item, struct arena *arena, struct err *err)
{
	struct sample_route *route = item;

	(void)arena;
	route->sum_ms = route->wait_ms + route->repeat_ms;
	return route->wait_ms > route->repeat_ms ? err_set(err, ERR_INPUT, "wait is longer than repeat") : 0;
}

static const struct option_section_list sample_routes = {
	.what = "route", .rows = sample_route_rows, .item_size = sizeof(struct sample_route),
	.origin_offset = offsetof(struct sample_route, origin), .validate = sample_route_validate,
};

static const struct option_row sample_ssh_rows[] = {
	{.name = "username", .type = &option_string, AT(sample_ssh, username), .def = "root", .help = "who"},
	{.name = "workers", .type = &option_int, AT(sample_ssh, workers), .def = "10", .min = 1, .max = 1000, .help = "how many"},
	{.name = "connect_timeout", .type = &option_duration, AT(sample_ssh, connect_timeout_ms), .def = "10s", .help = "how long"},
	{.name = "ciphers", .shape = OPTION_LIST, .type = &option_string, AT(sample_ssh, ciphers), .def = "aes, chacha", .help = "ciphers"},
	{0},
};

static const struct option_row sample_mail_rows[] = {
	{.name = "smtp", .type = &option_string, AT(sample_mail, smtp), .flags = OPTION_REQUIRED, .help = "server"},
	{.name = "password", .type = &option_string, AT(sample_mail, password), .flags = OPTION_SECRET, .help = "password"},
	{.name = "to", .shape = OPTION_LIST, .type = &option_string, AT(sample_mail, to), .help = "whom"},
	{.name = "routes", .shape = OPTION_SECTION_LIST, .list = &sample_routes, AT(sample_mail, routes), .help = "routes"},
	{.name = "receivers", .shape = OPTION_VARIANTS, .variants = &sample_steps, AT(sample_mail, receivers), .help = "receivers"},
	{0},
};

static const struct option_row sample_rows[] = {
	{.name = "servers", .shape = OPTION_SECTION, .rows = sample_servers_rows, AT(sample, servers), .help = "servers"},
	{.name = "ssh", .shape = OPTION_SECTION, .rows = sample_ssh_rows, AT(sample, ssh), .help = "ssh"},
	{.name = "mail", .shape = OPTION_SECTION, .rows = sample_mail_rows, AT(sample, mail), .help = "mail"},
	{.name = "checks", .shape = OPTION_VARIANTS, .variants = &sample_checks, AT(sample, checks), .help = "checks"},
	{.name = "store", .type = &option_path, AT(sample, store), .def = "/var/lib/state.db", .help = "store"},
	{.name = "webhook", .type = &option_string, AT(sample, webhook), .flags = OPTION_SECRET, .help = "webhook"},
	{.name = "pin", .type = &option_int, AT(sample, pin), .flags = OPTION_SECRET, .help = "pin"},
	{.name = "color", .type = &option_choice, AT(sample, color), .choices = sample_colors, .def = "auto", .help = "color"},
	{.name = "on", .type = &option_bool, AT(sample, is_on), .help = "on"},
	{.name = "ratio", .type = &option_double, AT(sample, ratio), .max = 1, .help = "ratio"},
	{.name = "limit", .type = &option_size, AT(sample, limit_bytes), .def = "1M", .min = 1, .help = "limit"},
	{.name = "labels", .shape = OPTION_MAP, .type = &option_string, AT(sample, labels), .def = "site=here", .check_key = sample_label_check, .help = "labels"},
	{.name = "ports", .shape = OPTION_LIST, .type = &option_int, AT(sample, ports), .min = 1, .max = 65535, .help = "ports"},
	{.name = "tokens", .shape = OPTION_LIST, .type = &option_string, AT(sample, tokens), .flags = OPTION_SECRET, .help = "tokens"},
	{.name = "verbose", .type = &option_count, AT(sample, pin), .flags = OPTION_FLAG_ONLY, .help = "say more"},
	{0},
};
// clang-format on

#endif
