/*
 * A configuration to test readers with: every shape and type of row, two kinds of checks, and steps
 * within one of them.
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
};

struct sample_servers {
	struct option_map groups; /* of const char * */
	struct option_list files;
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
