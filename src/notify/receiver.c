/*
 * Receivers as the configuration has them.  See receiver.h.
 */
#include "notify/receiver.h"

#include <openssl/evp.h>

#include "base/alloc.h"
#include "conf/option_values.h"
#include "net/http_client.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/template.h"

enum { TIMEOUT_MAX_MS = 10 * 60 * 1000, PER_MINUTE_MAX = 100000 };

// clang-format off
const struct option_row receiver_common_rows[] = {
	{.name = "name", .type = &option_string, .offset = offsetof(struct receiver, name),
	 .help = "what routes call it; its kind if not given"},
	{.name = "title", .type = &option_template, .offset = offsetof(struct receiver, title),
	 .help = "title of its messages, instead of the usual one"},
	{.name = "text", .type = &option_template, .offset = offsetof(struct receiver, text),
	 .help = "text of its messages, instead of the usual one"},
	{.name = "send_resolved", .type = &option_bool, .offset = offsetof(struct receiver, sends_resolved), .def = "true",
	 .help = "tell it when an alert is over"},
	{.name = "timeout", .type = &option_duration, .offset = offsetof(struct receiver, timeout_ms), .def = "15s", .min = 100, .max = TIMEOUT_MAX_MS,
	 .help = "deadline of sending one message, all of it"},
	{.name = "per_minute", .type = &option_int, .offset = offsetof(struct receiver, per_minute), .min = 1, .max = PER_MINUTE_MAX,
	 .help = "most messages in a minute; else what its kind bears"},
	{.name = "burst", .type = &option_int, .offset = offsetof(struct receiver, burst), .min = 1, .max = PER_MINUTE_MAX,
	 .help = "messages that may go at once after a quiet time; else what its kind bears"},
	{.name = "proxy", .type = &option_string, .offset = offsetof(struct receiver, proxy), .flags = OPTION_SECRET,
	 .help = "http://host:port or socks5h://host:port, \"none\" for none; else the environment's (http_proxy, https_proxy, no_proxy)"},
	{.name = "ca_file", .type = &option_path, .offset = offsetof(struct receiver, ca_file),
	 .help = "authorities to trust, PEM; else the system's"},
	{0},
};
// clang-format on

const struct option_variants receiver_variants = {
	.what = "receiver",
	.common = receiver_common_rows,
	.item_size = sizeof(struct receiver),
	.variant_offset = offsetof(struct receiver, variant),
	.opts_offset = offsetof(struct receiver, opts),
	.origin_offset = offsetof(struct receiver, origin),
	.kinds = notify_kind_variants,
};

static int proxy_check(struct receiver *receiver, struct arena *arena, struct err *err)
{
	struct url url = {.scheme = "http", .host = "localhost", .text = ""};
	const struct http_request request = {.url = &url, .proxy = receiver->proxy};

	(void)arena;
	if (!receiver->proxy) {
		return 0;
	}
	if (!notify_http_is_sender(receiver->kind)) {
		return err_set(
			err, ERR_INPUT, "'%s' receivers use no proxy", receiver->variant->name);
	}
	if (strcmp(receiver->proxy, "none") == 0) {
		return 0;
	}
	return http_request_check(&request, err);
}

/* Of everything configured, so that a changed key or address is another receiver. */
static const char *hash_settings(const struct receiver *receiver, struct arena *arena)
{
	_cleanup_(strbuf_release) struct strbuf values = STRBUF_INIT;
	struct strbuf hex = STRBUF_INIT;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	const char *copy;

	strbuf_addf(&values, "%s\n", receiver->variant->name);
	option_add_values(receiver_common_rows, receiver, &values);
	option_add_values(receiver->variant->rows, receiver->opts, &values);
	if (!EVP_Digest(values.buf, values.len, digest, &len, EVP_sha256(), NULL)) {
		abort(); /* out of memory */
	}
	for (unsigned i = 0; i < len; i++) {
		strbuf_addf(&hex, "%02x", digest[i]);
	}
	copy = arena_strndup(arena, hex.buf, hex.len);
	strbuf_release(&hex);
	return copy;
}

int receiver_finish(struct receiver *receiver, struct arena *arena, struct err *err)
{
	receiver->kind = receiver->variant->object;
	if (!receiver->name) {
		receiver->name = receiver->variant->name;
	}
	if (proxy_check(receiver, arena, err) < 0 ||
		(receiver->kind->check && receiver->kind->check(receiver, err) < 0)) {
		return -1;
	}
	receiver->settings = hash_settings(receiver, arena);
	return 0;
}

struct notifier_limit receiver_limit(const struct receiver *receiver)
{
	struct notifier_limit limit = receiver->kind->limit;

	if (receiver->per_minute > 0) {
		limit.per_minute = receiver->per_minute;
	}
	if (receiver->burst > 0) {
		limit.burst = receiver->burst;
	}
	if (limit.per_minute > 0 && limit.burst == 0) {
		limit.burst = 1;
	}
	return limit;
}
