/*
 * The kind `tcp`: connect, then a dialogue of `send` and `expect` steps.
 *
 * An `expect` is searched in what came since the last match; what follows the match is left for the
 * next one, so that several answers may arrive in one packet.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/escape.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "check/check_network.h"
#include "net/dial.h"
#include "net/url.h"
#include "scan/regex.h"

enum { RECEIVED_MAX = 64 * 1024, SHOWN_MAX = 256 };

struct tcp_opts {
	const char *address; /* "host:port" as written */
	struct network_opts network;
	struct str send;
	struct regex *expect;
	struct option_items dialogue; /* struct step */
	/* from validate() */
	const char *host;
	int64_t port;
};

struct send_opts {
	struct str text;
};

struct expect_opts {
	struct regex *regex;
};

struct step {
	const struct option_variant *variant;
	void *opts;
	const char *origin;
};

/* Bytes to send, with C escapes. */
static int bytes_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	struct strbuf out = STRBUF_INIT;
	int status = escape_decode(text, &out, err);

	(void)row;
	if (status == 0) {
		*(struct str *)field =
			str_n(arena_strndup(context->arena, out.buf, out.len), out.len);
	}
	strbuf_release(&out);
	return status;
}

static void bytes_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\"");
}

static const struct option_type option_bytes = {
	.name = "bytes",
	.placeholder = "BYTES",
	.size = sizeof(struct str),
	.parse = bytes_parse,
	.schema = bytes_schema,
	.syntax = "a text in which \\r, \\n, \\t, \\0, \\xHH and \\\\ stand for bytes",
};

// clang-format off
static const struct option_row send_rows[] = {
	{.name = "send", .type = &option_bytes, .offset = offsetof(struct send_opts, text), .flags = OPTION_VARIANT_KEY,
	 .help = "bytes to send; \\r \\n \\t \\0 \\xHH and \\\\ are understood"},
	{0},
};

static const struct option_row expect_rows[] = {
	{.name = "expect", .type = &option_regex_lines, .offset = offsetof(struct expect_opts, regex), .flags = OPTION_VARIANT_KEY,
	 .help = "what must come, a regular expression"},
	{0},
};

static const struct option_variant expect_variant = {
	.name = "expect", .summary = "wait for bytes that match", .rows = expect_rows, .opts_size = sizeof(struct expect_opts),
};
static const struct option_variant send_variant = {
	.name = "send", .summary = "send bytes", .rows = send_rows, .opts_size = sizeof(struct send_opts),
};

static const struct option_variant *const *step_variants(size_t *ret_count)
{
	static const struct option_variant *const variants[] = {&expect_variant, &send_variant};

	*ret_count = ARRAY_LEN(variants);
	return variants;
}

static const struct option_row step_rows[] = {{0}};

static const struct option_variants dialogue_variants = {
	.what = "step",
	.common = step_rows,
	.item_size = sizeof(struct step),
	.variant_offset = offsetof(struct step, variant),
	.opts_offset = offsetof(struct step, opts),
	.origin_offset = offsetof(struct step, origin),
	.kinds = step_variants,
};

static const struct option_row tcp_rows[] = {
	{.name = "tcp", .type = &option_string, .offset = offsetof(struct tcp_opts, address), .flags = OPTION_VARIANT_KEY,
	 .placeholder = "HOST:PORT", .help = "where to connect; an IPv6 address in brackets"},
	NETWORK_ROWS(struct tcp_opts, network),
	{.name = "dialogue", .shape = OPTION_VARIANTS, .offset = offsetof(struct tcp_opts, dialogue), .variants = &dialogue_variants,
	 .help = "steps after connecting, in order: {send: BYTES} or {expect: REGEX}"},
	{.name = "send", .type = &option_bytes, .offset = offsetof(struct tcp_opts, send),
	 .help = "short for a dialogue with one send step"},
	{.name = "expect", .type = &option_regex_lines, .offset = offsetof(struct tcp_opts, expect),
	 .help = "short for an expect step after that"},
	{0},
};

static const struct check_value_row tcp_values[] = {
	{.name = "lookup_seconds", .unit = UNIT_SECONDS, .help = "name lookup"},
	{.name = "connect_seconds", .unit = UNIT_SECONDS, .help = "TCP handshake"},
	{.name = "dialogue_seconds", .unit = UNIT_SECONDS, .help = "all steps after connecting"},
	{.name = "total_seconds", .unit = UNIT_SECONDS, .help = "all of it"},
	{.name = "remote_address", .unit = UNIT_TEXT, .help = "the address connected to"},
	{0},
};
// clang-format on

enum tcp_phase {
	TCP_DIALLING,
	TCP_SENDING,
	TCP_EXPECTING,
	TCP_DONE,
};

struct tcp_run {
	struct check_run *run;
	const struct tcp_opts *opts;
	enum tcp_phase phase;
	struct dial *dial;
	struct io *io;
	int fd;
	const struct step *steps;
	size_t steps_count;
	size_t step;
	size_t sent;            /* of the step's bytes */
	struct strbuf received; /* since the last match */
	int64_t connected_us;
	struct address address; /* connected to, or the one that failed; sa_len 0: none */
	const char *remote;     /* the same as text, once connected */
};

static void tcp_next_step(struct tcp_run *tcp);

/* The address tried, if it came to that. */
static void tcp_add_address(struct tcp_run *tcp)
{
	if (tcp->address.sa_len > 0) {
		check_evidence_add(&tcp->run->result, "address",
			str_of(network_address_text(tcp->run->arena, &tcp->address)));
	}
}

static void tcp_add_received(struct tcp_run *tcp)
{
	tcp_add_address(tcp);
	check_evidence_add(
		&tcp->run->result, "received", str_sub(strbuf_str(&tcp->received), 0, SHOWN_MAX));
}

static void add_ip(const char *before, const struct address *address, struct strbuf *out)
{
	strbuf_adds(out, before);
	address_add_ip(address, out);
}

/* What connects to the same place in the same way. */
static void tcp_add_command(struct tcp_run *tcp)
{
	static const char *const family_flags[] = {
		[ADDRESS_ANY] = "", [ADDRESS_IPV4] = " -4", [ADDRESS_IPV6] = " -6"};
	const struct network_opts *network = &tcp->opts->network;
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "nc -v -w 10%s", family_flags[network->family]);
	if (network->source.sa_len > 0) {
		add_ip(" -s ", &network->source, &text);
	}
	if (network->resolve.sa_len > 0) {
		add_ip(" ", &network->resolve, &text);
	} else {
		strbuf_addf(&text, " %s", tcp->opts->host);
	}
	strbuf_addf(&text, " %lld", (long long)tcp->opts->port);
	check_evidence_add(&tcp->run->result, "command", strbuf_str(&text));
	strbuf_release(&text);
}

static void tcp_add_evidence(struct tcp_run *tcp)
{
	tcp_add_address(tcp);
	tcp_add_command(tcp);
}

static void tcp_fail(struct tcp_run *tcp, enum check_code code, const char *why)
{
	tcp->phase = TCP_DONE;
	check_done(tcp->run, code == CODE_LOCAL_ERROR ? CHECK_UNKNOWN : CHECK_CRITICAL, code, "%s",
		why);
}

static void tcp_succeed(struct tcp_run *tcp)
{
	struct check_run *run = tcp->run;
	int64_t now_us = time_mono_us();
	struct strbuf took = STRBUF_INIT;

	tcp->phase = TCP_DONE;
	if (tcp->steps_count > 0) {
		check_value_add(&run->result, "dialogue_seconds", UNIT_SECONDS,
			(double)(now_us - tcp->connected_us) / 1e6);
	}
	check_value_add(&run->result, "total_seconds", UNIT_SECONDS,
		(double)(now_us - run->started_us) / 1e6);
	check_number_add_text((double)(now_us - run->started_us) / 1e6, UNIT_SECONDS, &took);
	check_done(run, CHECK_OK, CODE_OK, "%s to %s in %s",
		tcp->steps_count > 0 ? "connected and spoke" : "connected", tcp->remote, took.buf);
	strbuf_release(&took);
}

static const struct regex *step_regex(const struct step *step)
{
	return ((const struct expect_opts *)step->opts)->regex;
}

static void tcp_in_sending(struct tcp_run *tcp)
{
	const struct send_opts *opts = tcp->steps[tcp->step].opts;

	while (tcp->sent < opts->text.len) {
		ssize_t n = send(tcp->fd, opts->text.ptr + tcp->sent, opts->text.len - tcp->sent,
			MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			io_set(tcp->io, IO_WRITE);
			return;
		}
		if (n < 0) {
			tcp_fail(tcp, CODE_CONNECTION_CLOSED,
				arena_printf(tcp->run->arena,
					"connection to %s lost while sending: %s", tcp->remote,
					errno_text(errno)));
			return;
		}
		tcp->sent += (size_t)n;
	}
	tcp->step++;
	tcp_next_step(tcp);
}

/* False: more bytes are needed. */
static bool tcp_try_match(struct tcp_run *tcp)
{
	const struct regex *regex = step_regex(&tcp->steps[tcp->step]);
	size_t start = 0;
	size_t end = 0;

	switch (regex_find(regex, strbuf_str(&tcp->received), &start, &end)) {
	case REGEX_MATCHES:
		strbuf_remove(&tcp->received, 0, end);
		tcp->step++;
		tcp_next_step(tcp);
		return true;
	case REGEX_GAVE_UP:
		tcp_add_received(tcp);
		tcp_fail(tcp, CODE_DIALOGUE_MISMATCH,
			arena_printf(tcp->run->arena,
				"step %zu: matching '%s' takes too much work; simplify the "
				"expression",
				tcp->step + 1, regex_pattern(regex)));
		return true;
	case REGEX_NO_MATCH:
		break;
	}
	return false;
}

static void tcp_mismatch(struct tcp_run *tcp, enum check_code code, const char *what)
{
	struct strbuf seen = STRBUF_INIT;
	struct strbuf wanted = STRBUF_INIT;

	tcp_add_received(tcp);
	utf8_add_escaped(&seen, strbuf_str(&tcp->received), 60);
	utf8_add_escaped(&wanted, str_of(regex_pattern(step_regex(&tcp->steps[tcp->step]))), 60);
	tcp_fail(tcp, code,
		arena_printf(tcp->run->arena, "step %zu: %s '%s'; got %s%s%s", tcp->step + 1, what,
			wanted.buf, tcp->received.len > 0 ? "'" : "nothing", seen.buf,
			tcp->received.len > 0 ? "'" : ""));
	strbuf_release(&seen);
	strbuf_release(&wanted);
}

static void tcp_in_expecting(struct tcp_run *tcp)
{
	size_t room = strbuf_reserve(&tcp->received, 4096);
	ssize_t n;

	if (room == 0) {
		tcp_mismatch(tcp, CODE_DIALOGUE_MISMATCH, "64 KiB came without a match of");
		return;
	}
	n = recv(tcp->fd, tcp->received.buf + tcp->received.len, room, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n < 0) {
		tcp_mismatch(tcp, CODE_CONNECTION_CLOSED,
			arena_printf(tcp->run->arena, "%s while waiting for", errno_text(errno)));
		return;
	}
	if (n == 0) {
		tcp_mismatch(tcp, CODE_CONNECTION_CLOSED, "the peer closed the connection before");
		return;
	}
	strbuf_commit(&tcp->received, (size_t)n);
	(void)tcp_try_match(tcp);
}

/* Enter the step at tcp->step, or end. */
static void tcp_next_step(struct tcp_run *tcp)
{
	if (tcp->step == tcp->steps_count) {
		tcp_succeed(tcp);
		return;
	}
	if (tcp->steps[tcp->step].variant == &send_variant) {
		tcp->phase = TCP_SENDING;
		tcp->sent = 0;
		tcp_in_sending(tcp);
		return;
	}
	tcp->phase = TCP_EXPECTING;
	io_set(tcp->io, IO_READ);
	if (tcp->received.len > 0) {
		(void)tcp_try_match(tcp);
	}
}

static void tcp_ready(void *arg, unsigned events)
{
	struct tcp_run *tcp = arg;

	(void)events;
	switch (tcp->phase) {
	case TCP_SENDING:
		tcp_in_sending(tcp);
		break;
	case TCP_EXPECTING:
		tcp_in_expecting(tcp);
		break;
	case TCP_DIALLING:
	case TCP_DONE:
		break;
	}
	if (tcp->phase == TCP_DONE) {
		io_set(tcp->io, 0);
	}
}

static void tcp_dialled(void *arg, const struct dial_result *result)
{
	struct tcp_run *tcp = arg;
	struct check_run *run = tcp->run;

	tcp->dial = NULL;
	tcp->address = result->address;
	network_add_dial_values(run, result);
	if (result->status != DIAL_OK) {
		tcp_fail(tcp, network_dial_code(&tcp->opts->network, result),
			arena_strdup(run->arena, result->text));
		return;
	}
	tcp->fd = result->fd;
	tcp->remote = network_address_text(run->arena, &result->address);
	tcp->connected_us = time_mono_us();
	tcp->io = io_add(run->env->loop, tcp->fd, 0, tcp_ready, tcp);
	tcp_next_step(tcp);
}

/* The steps of the dialogue, or those of the short forms. */
static void tcp_set_steps(struct tcp_run *tcp)
{
	const struct tcp_opts *opts = tcp->opts;
	struct arena *arena = tcp->run->arena;
	struct step *steps = arena_calloc(arena, opts->dialogue.count + 2, sizeof(*steps));

	for (size_t i = 0; i < opts->dialogue.count; i++) {
		steps[tcp->steps_count++] = *(const struct step *)opts->dialogue.items[i];
	}
	if (opts->send.len > 0) {
		struct send_opts *send_step = arena_alloc(arena, sizeof(*send_step));

		send_step->text = opts->send;
		steps[tcp->steps_count++] =
			(struct step){.variant = &send_variant, .opts = send_step};
	}
	if (opts->expect) {
		struct expect_opts *expect_step = arena_alloc(arena, sizeof(*expect_step));

		expect_step->regex = opts->expect;
		steps[tcp->steps_count++] =
			(struct step){.variant = &expect_variant, .opts = expect_step};
	}
	tcp->steps = steps;
}

static void tcp_start(struct check_run *run)
{
	struct tcp_run *tcp = arena_alloc(run->arena, sizeof(*tcp));
	const struct tcp_opts *opts = run->opts;
	struct dial_spec spec = {
		.host = opts->host,
		.port = (uint16_t)opts->port,
		.timeout_ms = run->check->timeout_ms,
	};

	*tcp = (struct tcp_run){.run = run, .opts = opts, .phase = TCP_DIALLING, .fd = -1};
	strbuf_init(&tcp->received, RECEIVED_MAX);
	run->state = tcp;
	tcp_set_steps(tcp);
	network_fill_dial(&opts->network, &spec);
	tcp->dial = dial_start(run->env->loop, run->env->resolver, &spec, tcp_dialled, tcp);
}

static const char *tcp_interrupted(struct check_run *run)
{
	struct tcp_run *tcp = run->state;
	struct strbuf phase = STRBUF_INIT;
	const char *text;

	switch (tcp->phase) {
	case TCP_DIALLING:
		tcp->address = dial_address(tcp->dial);
		dial_add_phase(tcp->dial, &phase);
		break;
	case TCP_SENDING:
		strbuf_addf(&phase, "sending step %zu to %s", tcp->step + 1, tcp->remote);
		break;
	case TCP_EXPECTING:
		strbuf_addf(&phase, "waiting in step %zu for '", tcp->step + 1);
		utf8_add_escaped(
			&phase, str_of(regex_pattern(step_regex(&tcp->steps[tcp->step]))), 60);
		strbuf_addf(&phase, "' from %s", tcp->remote);
		tcp_add_received(tcp);
		break;
	case TCP_DONE:
		break;
	}
	tcp_add_evidence(tcp);
	text = arena_strndup(run->arena, phase.buf, phase.len);
	strbuf_release(&phase);
	return *text ? text : NULL;
}

static void tcp_explain(struct check_run *run)
{
	tcp_add_evidence(run->state);
}

static void tcp_release(struct check_run *run)
{
	struct tcp_run *tcp = run->state;

	dial_free(&tcp->dial);
	io_free(&tcp->io);
	closep(&tcp->fd);
	strbuf_release(&tcp->received);
}

/* "tcp://HOST:PORT" with the password masked that it should not have. */
static const char *tcp_target(const void *opts, struct arena *arena)
{
	const struct tcp_opts *tcp = opts;
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	url_add_masked(str_of(arena_printf(arena, "tcp://%s", tcp->address)), &text);
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

static int tcp_from_target(struct str target, struct arena *arena, void *opts, struct err *err)
{
	static const char scheme[] = "tcp://";
	struct tcp_opts *tcp = opts;

	if (!str_case_eq(str_sub(target, 0, strlen(scheme)), str_of(scheme))) {
		return err_set(err, ERR_INPUT, "'%s' has no host; write tcp://HOST:PORT",
			utf8_quote(target).text);
	}
	target = str_sub(target, strlen(scheme), target.len);
	if (str_ends(target, "/")) {
		target.len--;
	}
	tcp->address = str_dup(target, arena);
	return 0;
}

/* The URL parser knows brackets, names and ports. */
static int tcp_validate(void *opts, struct arena *arena, struct err *err)
{
	struct tcp_opts *tcp = opts;
	const char *target = tcp_target(tcp, arena);
	struct url url;

	if (strpbrk(tcp->address, "@/?#")) {
		return err_set(err, ERR_INPUT, "more than HOST:PORT in '%s'", target);
	}
	if (url_parse(str_of(arena_printf(arena, "tcp://%s", tcp->address)), arena, &url, err) <
		0) {
		return -1;
	}
	if (!url.has_port) {
		return err_set(err, ERR_INPUT, "no port in '%s'", target);
	}
	tcp->host = url.host;
	tcp->port = url.port;
	if (tcp->network.resolve.sa_len) {
		address_set_port(&tcp->network.resolve, url.port);
	}
	return 0;
}

static const char *const tcp_schemes[] = {"tcp", NULL};

const struct check_kind check_tcp = {
	.variant =
		{
			.name = "tcp",
			.summary = "a TCP port answers, and says what it should",
			.rows = tcp_rows,
			.opts_size = sizeof(struct tcp_opts),
			.object = &check_tcp,
			.validate = tcp_validate,
		},
	.values = tcp_values,
	.schemes = tcp_schemes,
	.timeout_state = CHECK_CRITICAL,
	.from_target = tcp_from_target,
	.target = tcp_target,
	.start = tcp_start,
	.interrupted = tcp_interrupted,
	.explain = tcp_explain,
	.release = tcp_release,
};
