/*
 * The kind `http`: one request, judged by its status, headers, body, JSON and size; or, with
 * every_address, one request to each address of the name.
 *
 * Here are its options and the course of a run.  What the answer must be is http_expect.c, what is
 * told of a failure http_evidence.c.
 */
#include "check/check_http.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "check/check_kinds.h"
#include "net/host_name.h"
#include "net/resolver.h"
#include "scan/json_pointer.h"
#include "scan/regex.h"

enum { BODY_FILE_MAX = 1024 * 1024, ADDRESSES_MAX = 64, WHY_SHOWN_MAX = 3 };

static const char *const version_names[] = {"auto", "1.0", "1.1", "2", NULL};

static int pointer_key_check(struct str key, struct err *err)
{
	return json_pointer_check(key, err);
}

static int method_check(const struct http_opts *opts, struct err *err)
{
	return http_header_name_check(str_of(opts->method), err) < 0
		       ? err_set(err, ERR_INPUT, "'%s' is no HTTP method", opts->method)
		       : 0;
}

#define IN(field) offsetof(struct http_opts, field)

// clang-format off
static const struct option_row tls_rows[] = {
	{.name = "verify", .type = &option_bool, .offset = offsetof(struct http_opts, tls.is_verified) - offsetof(struct http_opts, tls),
	 .def = "true", .help = "the certificate must be valid and for this name"},
	{.name = "ca_file", .type = &option_path, .offset = offsetof(struct http_opts, tls.ca_file) - offsetof(struct http_opts, tls),
	 .help = "authorities to trust, PEM; else the system's"},
	{.name = "cert_file", .type = &option_path, .offset = offsetof(struct http_opts, tls.certificate_file) - offsetof(struct http_opts, tls),
	 .help = "our certificate, where the server asks for one, PEM"},
	{.name = "key_file", .type = &option_path, .offset = offsetof(struct http_opts, tls.key_file) - offsetof(struct http_opts, tls),
	 .help = "its private key, PEM; else it is looked for in cert_file"},
	{.name = "server_name", .type = &option_string, .offset = offsetof(struct http_opts, tls.server_name) - offsetof(struct http_opts, tls),
	 .help = "the name to ask for and to verify, instead of the URL's host"},
	{0},
};

static const struct option_row expect_rows[] = {
	{.name = "status", .shape = OPTION_LIST, .type = &option_number_range, .offset = offsetof(struct http_expect, status),
	 .min = 100, .max = 599, .help = "statuses that are right, for example [200-299, 404]; else 200-299"},
	{.name = "body", .shape = OPTION_LIST, .type = &option_regex, .offset = offsetof(struct http_expect, body),
	 .help = "regular expressions that must all match the body"},
	{.name = "body_not", .shape = OPTION_LIST, .type = &option_regex, .offset = offsetof(struct http_expect, body_not),
	 .help = "regular expressions of which none may match the body"},
	{.name = "headers", .shape = OPTION_MAP, .type = &option_regex, .offset = offsetof(struct http_expect, headers), .check_key = http_header_name_check,
	 .help = "headers that must be there and match, for example Content-Type: json"},
	{.name = "headers_not", .shape = OPTION_MAP, .type = &option_regex, .offset = offsetof(struct http_expect, headers_not), .check_key = http_header_name_check,
	 .help = "headers that must not be there with a value that matches"},
	{.name = "json", .shape = OPTION_MAP, .type = &option_json_expect, .offset = offsetof(struct http_expect, json), .check_key = pointer_key_check,
	 .help = "values by JSON Pointer: equal (\"/status\": ok), \"!= x\", \"> 5\", \"~ regex\", exists, missing"},
	{.name = "size", .type = &option_threshold, .offset = offsetof(struct http_expect, size),
	 .help = "size of the body that is wrong, for example \"< 100\" or \"> 1M\""},
	{0},
};

static const struct option_row http_rows[] = {
	{.name = "http", .type = &option_string, .offset = IN(address), .flags = OPTION_VARIANT_KEY,
	 .placeholder = "URL", .help = "the URL, http:// or https://"},
	{.name = "method", .type = &option_string, .offset = IN(method), .def = "GET", .help = "any HTTP method"},
	{.name = "headers", .shape = OPTION_MAP, .type = &option_string, .offset = IN(headers), .check_key = http_header_name_check,
	 .help = "headers to send; an empty value takes away one that is sent by itself"},
	{.name = "body", .type = &option_string, .offset = IN(body), .help = "what to send"},
	{.name = "body_file", .type = &option_path, .offset = IN(body_file), .help = "a file to send, at most 1 MiB"},
	{.name = "username", .type = &option_string, .offset = IN(username), .help = "for basic authentication"},
	{.name = "password", .type = &option_string, .offset = IN(password), .flags = OPTION_SECRET, .help = "for basic authentication"},
	{.name = "bearer_token", .type = &option_string, .offset = IN(bearer_token), .flags = OPTION_SECRET, .help = "sent as Authorization: Bearer"},
	{.name = "tls", .shape = OPTION_SECTION, .rows = tls_rows, .offset = IN(tls), .help = "how https is spoken"},
	{.name = "http_version", .type = &option_choice, .offset = IN(version), .def = "auto", .choices = version_names,
	 .help = "auto: 2 over TLS where the server offers it, else 1.1; any other must be spoken"},
	NETWORK_ROWS(struct http_opts, network),
	{.name = "every_address", .type = &option_bool, .offset = IN(is_every_address),
	 .help = "ask each address the name resolves to, and say which one fails"},
	{.name = "redirects", .type = &option_int, .offset = IN(redirects), .def = "10", .min = 0, .max = 50,
	 .help = "most redirects to follow; 0: a redirect is an answer like any other"},
	{.name = "proxy", .type = &option_string, .offset = IN(proxy), .help = "http://host:port or socks5h://host:port; the environment's is not used"},
	{.name = "body_max", .type = &option_size, .offset = IN(body_max), .def = "1M", .min = 0, .max = 64 * 1024 * 1024,
	 .help = "how much of the body is kept and looked at"},
	{.name = "size_max", .type = &option_size, .offset = IN(size_max), .def = "64M", .min = 1, .max = INT64_MAX,
	 .help = "largest body that is read; a larger one is a failure"},
	{.name = "expect", .shape = OPTION_SECTION, .rows = expect_rows, .offset = IN(expect), .help = "what the answer must be"},
	{0},
};

static const struct check_value_row http_values[] = {
	{.name = "lookup_seconds", .unit = UNIT_SECONDS, .help = "name lookup"},
	{.name = "connect_seconds", .unit = UNIT_SECONDS, .has_instances = true, .help = "TCP handshake"},
	{.name = "tls_seconds", .unit = UNIT_SECONDS, .has_instances = true, .help = "TLS handshake"},
	{.name = "first_byte_seconds", .unit = UNIT_SECONDS, .has_instances = true, .help = "from the request to the first byte of the answer"},
	{.name = "transfer_seconds", .unit = UNIT_SECONDS, .has_instances = true, .help = "from the first byte to the last"},
	{.name = "total_seconds", .unit = UNIT_SECONDS, .has_instances = true, .help = "all of it, redirects included"},
	{.name = "status", .unit = UNIT_NONE, .has_instances = true, .help = "the HTTP status"},
	{.name = "size_bytes", .unit = UNIT_BYTES, .has_instances = true, .help = "size of the body"},
	{.name = "redirects", .unit = UNIT_NONE, .help = "redirects followed"},
	{.name = "certificate_days", .unit = UNIT_DAYS, .has_instances = true, .help = "days until the first certificate of the chain expires", .warning = "< 14", .critical = "< 3"},
	{.name = "protocol", .unit = UNIT_TEXT, .help = "HTTP/1.1, HTTP/2"},
	{.name = "tls_version", .unit = UNIT_TEXT, .help = "TLSv1.3"},
	{.name = "remote_address", .unit = UNIT_TEXT, .help = "the address that answered"},
	{.name = "addresses", .unit = UNIT_NONE, .help = "with every_address: how many there are"},
	{.name = "addresses_failed", .unit = UNIT_NONE, .help = "with every_address: how many of them fail"},
	{0},
};
// clang-format on

/* One request of a run: the only one, or that to one of the addresses. */
struct http_attempt {
	struct http_run *http;
	struct http_exchange *exchange;
	struct http_request request; /* lives as long as the exchange */
	struct address address;      /* sa_len 0: the client looks the name up */
	enum check_state state;
	enum check_code code;
	const char *why;
	bool is_done;
};

struct http_run {
	struct check_run *run;
	const struct http_opts *opts;
	struct lookup *lookup; /* every_address: before the requests */
	struct http_attempt *attempts;
	size_t attempts_count;
	size_t done_count;
	struct http_request request;
};

static int64_t run_time_left_ms(const struct check_run *run)
{
	int64_t left = run->check->timeout_ms - (time_mono_us() - run->started_us) / 1000;

	return left > 1 ? left : 1;
}

static bool is_out_of_time(const struct check_run *run)
{
	return run_time_left_ms(run) == 1;
}

static double seconds(int64_t us)
{
	return (double)us / 1e6;
}

static void add_certificate_values(
	struct http_attempt *attempt, const char *instance, const struct http_response *response)
{
	struct check_result *result = &attempt->http->run->result;
	const struct certificate_chain *chain = response->chain;

	if (chain && chain->certificates_count > 0) {
		double left_ms = (double)(chain->earliest_not_after_ms - time_wall_ms());

		check_value_add_instance(result, "certificate_days", instance, UNIT_DAYS,
			left_ms / (24 * 3600 * 1000.0));
	}
}

/* Of a failure, the phases before the one that failed: that one has no duration. */
static void add_finished_phases(
	struct check_result *result, const char *instance, const struct http_response *response)
{
	const struct http_phases *phases = &response->phases;

	if (phases->tls_us > 0 || phases->first_byte_us > 0) {
		check_value_add_instance(result, "connect_seconds", instance, UNIT_SECONDS,
			seconds(phases->connect_us));
	}
	if (response->tls_version && phases->first_byte_us > 0) {
		check_value_add_instance(
			result, "tls_seconds", instance, UNIT_SECONDS, seconds(phases->tls_us));
	}
}

/* What was measured: as far as it got. */
static void add_values(struct http_attempt *attempt, const struct http_response *response)
{
	struct http_run *http = attempt->http;
	struct check_result *result = &http->run->result;
	const struct http_phases *phases = &response->phases;
	const char *remote = NULL;
	const char *instance;

	if (response->remote.sa_len) {
		remote = network_address_text(result->arena, &response->remote);
	}
	instance = http->opts->is_every_address ? remote : NULL;
	if (!http->opts->is_every_address) {
		check_value_add(result, "lookup_seconds", UNIT_SECONDS, seconds(phases->lookup_us));
		if (remote) {
			check_value_add_text(result, "remote_address", remote);
		}
	}
	if (response->status != HTTP_OK) {
		add_finished_phases(result, instance, response);
		add_certificate_values(attempt, instance, response);
		return;
	}
	check_value_add_instance(
		result, "connect_seconds", instance, UNIT_SECONDS, seconds(phases->connect_us));
	if (response->tls_version) {
		check_value_add_instance(
			result, "tls_seconds", instance, UNIT_SECONDS, seconds(phases->tls_us));
	}
	check_value_add_instance(result, "first_byte_seconds", instance, UNIT_SECONDS,
		seconds(phases->first_byte_us));
	check_value_add_instance(
		result, "transfer_seconds", instance, UNIT_SECONDS, seconds(phases->transfer_us));
	check_value_add_instance(
		result, "total_seconds", instance, UNIT_SECONDS, seconds(phases->total_us));
	check_value_add_instance(
		result, "status", instance, UNIT_NONE, (double)response->http_status);
	check_value_add_instance(
		result, "size_bytes", instance, UNIT_BYTES, (double)response->body_size);
	add_certificate_values(attempt, instance, response);
	if (!http->opts->is_every_address) {
		check_value_add(result, "redirects", UNIT_NONE, response->redirects);
		check_value_add_text(result, "protocol",
			arena_printf(result->arena, "HTTP/%s", response->http_version));
		if (response->tls_version) {
			check_value_add_text(result, "tls_version",
				arena_strdup(result->arena, response->tls_version));
		}
	}
}

static const char *success_text(struct arena *arena, const struct http_response *response)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	strbuf_addf(&text, "status %ld in ", response->http_status);
	check_number_add_text(seconds(response->phases.total_us), UNIT_SECONDS, &text);
	strbuf_adds(&text, ", ");
	check_number_add_text((double)response->body_size, UNIT_BYTES, &text);
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

/* All addresses have been asked: how many fail, and why the first of them do. */
static void every_address_end(struct http_run *http)
{
	struct check_run *run = http->run;
	struct strbuf why = STRBUF_INIT;
	size_t failed = 0;
	enum check_code code = CODE_OK;

	for (size_t i = 0; i < http->attempts_count; i++) {
		const struct http_attempt *attempt = &http->attempts[i];

		if (attempt->code == CODE_OK) {
			continue;
		}
		code = attempt->code;
		if (failed++ < WHY_SHOWN_MAX) {
			strbuf_addf(&why, "%s%s: %s", failed > 1 ? "; " : "",
				network_address_text(run->arena, &attempt->address), attempt->why);
		}
	}
	check_value_add(&run->result, "addresses", UNIT_NONE, (double)http->attempts_count);
	check_value_add(&run->result, "addresses_failed", UNIT_NONE, (double)failed);
	if (failed == 0 && http->attempts_count == 1) {
		check_done(run, CHECK_OK, CODE_OK, "the only address answers, %s",
			http->attempts[0].why);
	} else if (failed == 0) {
		check_done(run, CHECK_OK, CODE_OK, "all %zu addresses answer, %s",
			http->attempts_count, http->attempts[0].why);
	} else {
		check_done(run, CHECK_CRITICAL,
			failed < http->attempts_count ? CODE_PARTLY_FAILED : code,
			"%zu of %zu addresses fail: %s", failed, http->attempts_count, why.buf);
	}
	strbuf_release(&why);
}

static void attempt_judge(struct http_attempt *attempt, const struct http_response *response)
{
	struct http_run *http = attempt->http;
	struct check_result *result = &http->run->result;

	if (response->status != HTTP_OK) {
		attempt->code = http_failure_code(response);
		attempt->why = arena_strdup(result->arena, response->text);
	} else {
		attempt->code =
			http_expect_judge(&http->opts->expect, response, result, &attempt->why);
	}
	if (attempt->code == CODE_OK) {
		attempt->why = success_text(result->arena, response);
	}
	if (attempt->code != CODE_OK || http->run->env->wants_evidence) {
		http_add_evidence(result, http->opts, response);
	}
}

static const char *timeout_text(struct check_run *run, const char *phase)
{
	struct strbuf limit = STRBUF_INIT;
	const char *text;

	time_add_duration_exact(&limit, run->check->timeout_ms);
	text = arena_printf(run->arena, "timed out after %s while %s", limit.buf, phase);
	strbuf_release(&limit);
	return text;
}

static void attempt_done(void *arg, const struct http_response *response)
{
	struct http_attempt *attempt = arg;
	struct http_run *http = attempt->http;
	struct check_run *run = http->run;

	attempt->exchange = NULL;
	attempt_judge(attempt, response);
	add_values(attempt, response);
	if (attempt->code == CODE_TIMEOUT) {
		attempt->why = timeout_text(run, response->phase);
	}
	http->done_count++;
	if (http->done_count < http->attempts_count) {
		return;
	}
	if (http->opts->is_every_address) {
		every_address_end(http);
		return;
	}
	check_done(run,
		attempt->code == CODE_OK            ? CHECK_OK
		: attempt->code == CODE_LOCAL_ERROR ? CHECK_UNKNOWN
						    : CHECK_CRITICAL,
		attempt->code, "%s", attempt->why);
}

static void attempt_start(struct http_attempt *attempt)
{
	struct http_run *http = attempt->http;

	attempt->request = http->request;
	if (attempt->address.sa_len) {
		attempt->request.connect_to = &attempt->address;
	}
	attempt->request.timeout_ms = run_time_left_ms(http->run);
	attempt->exchange =
		http_start(http->run->env->http, &attempt->request, attempt_done, attempt);
}

static void make_attempts(struct http_run *http, const struct address *addresses, size_t count)
{
	http->attempts = arena_calloc(http->run->arena, count, sizeof(*http->attempts));
	http->attempts_count = count;
	for (size_t i = 0; i < count; i++) {
		http->attempts[i].http = http;
		if (addresses) {
			http->attempts[i].address = addresses[i];
		}
	}
	for (size_t i = 0; i < count; i++) {
		attempt_start(&http->attempts[i]);
	}
}

static void looked_up(void *arg, const struct lookup_result *lookup)
{
	struct http_run *http = arg;
	struct check_run *run = http->run;
	size_t count = lookup->addresses_count;

	http->lookup = NULL;
	check_value_add(&run->result, "lookup_seconds", UNIT_SECONDS, seconds(lookup->duration_us));
	if (lookup->status == LOOKUP_TIMEOUT && is_out_of_time(run)) {
		http_add_command(&run->result, http->opts, NULL);
		check_done(run, CHECK_CRITICAL, CODE_TIMEOUT, "%s",
			timeout_text(run,
				arena_printf(run->arena, "looking up '%s'", http->opts->url.host)));
		return;
	}
	if (lookup->status != LOOKUP_OK) {
		http_add_command(&run->result, http->opts, NULL);
		check_done(run, CHECK_CRITICAL, CODE_DNS_FAILED, "%s", lookup->text);
		return;
	}
	make_attempts(http, lookup->addresses, count < ADDRESSES_MAX ? count : ADDRESSES_MAX);
}

static void fill_request(const struct http_opts *opts, struct http_request *request)
{
	*request = (struct http_request){
		.method = opts->method,
		.url = &opts->url,
		.headers = opts->header_lines,
		.body = opts->body_bytes,
		.username = opts->username ? opts->username : opts->url.user,
		.password = opts->username ? opts->password : opts->url.password,
		.bearer_token = opts->bearer_token,
		.skip_verify = !opts->tls.is_verified,
		.ca_file = opts->tls.ca_file,
		.certificate_file = opts->tls.certificate_file,
		.key_file = opts->tls.key_file,
		.server_name = opts->tls.server_name,
		.version = (enum http_version)opts->version,
		.family = (enum address_family)opts->network.family,
		.connect_to = opts->network.resolve.sa_len ? &opts->network.resolve : NULL,
		.source = opts->network.source.sa_len ? &opts->network.source : NULL,
		.proxy = opts->proxy,
		.redirects_max = (int)opts->redirects,
		.body_max = (size_t)opts->body_max,
		.size_max = opts->size_max,
	};
}

static void http_check_start(struct check_run *run)
{
	struct http_run *http = arena_alloc(run->arena, sizeof(*http));
	const struct http_opts *opts = run->opts;

	http->run = run;
	http->opts = opts;
	run->state = http;
	fill_request(opts, &http->request);
	if (!opts->is_every_address || opts->network.resolve.sa_len) {
		make_attempts(
			http, opts->network.resolve.sa_len ? &opts->network.resolve : NULL, 1);
		return;
	}
	http->lookup = resolver_lookup(run->env->resolver, opts->url.host, opts->url.port,
		(enum address_family)opts->network.family, run_time_left_ms(run), looked_up, http);
}

static const char *http_check_interrupted(struct check_run *run)
{
	const struct http_run *http = run->state;
	struct strbuf phase = STRBUF_INIT;
	const char *text;

	http_add_command(&run->result, http->opts, NULL);
	if (http->lookup) {
		strbuf_addf(&phase, "looking up '%s'", http->opts->url.host);
	}
	for (size_t i = 0; i < http->attempts_count && phase.len == 0; i++) {
		if (http->attempts[i].exchange) {
			http_exchange_add_phase(http->attempts[i].exchange, &phase);
		}
	}
	text = arena_strndup(run->arena, phase.buf, phase.len);
	strbuf_release(&phase);
	return text;
}

static void http_check_release(struct check_run *run)
{
	struct http_run *http = run->state;

	lookup_free(&http->lookup);
	for (size_t i = 0; i < http->attempts_count; i++) {
		http_exchange_free(&http->attempts[i].exchange);
	}
}

static int read_body(struct http_opts *http, struct arena *arena, struct err *err)
{
	struct strbuf bytes = STRBUF_INIT;

	if (http->body && http->body_file) {
		return err_set(err, ERR_INPUT, "give body or body_file, not both");
	}
	if (http->body) {
		http->body_bytes = str_of(http->body);
	}
	if (!http->body_file) {
		return 0;
	}
	if (file_read(http->body_file, FILE_REGULAR, BODY_FILE_MAX, &bytes, err) < 0) {
		return err_wrap(err, "body_file");
	}
	http->body_bytes = str_n(arena_strndup(arena, bytes.buf, bytes.len), bytes.len);
	strbuf_release(&bytes);
	return 0;
}

static int make_header_lines(struct http_opts *http, struct arena *arena, struct err *err)
{
	size_t count = http->headers.count;

	http->header_lines = arena_calloc(arena, count + 1, sizeof(*http->header_lines));
	for (size_t i = 0; i < count; i++) {
		const char *value = OPTION_AT(&http->headers, const char *, i);

		if (strpbrk(value, "\r\n")) {
			return err_set(err, ERR_INPUT, "header '%s' has a line break in its value",
				http->headers.keys[i]);
		}
		http->header_lines[i] = arena_printf(arena, "%s: %s", http->headers.keys[i], value);
	}
	return 0;
}

static int credentials_check(const struct http_opts *http, struct err *err)
{
	if (http->password && !http->username) {
		return err_set(err, ERR_INPUT, "password without username");
	}
	if (http->username && strchr(http->username, ':')) {
		return err_set(err, ERR_INPUT, "username '%s' has a ':', which would end it",
			utf8_quote(str_of(http->username)).text);
	}
	if (http->bearer_token && (http->username || http->url.user)) {
		return err_set(
			err, ERR_INPUT, "give username and password or bearer_token, not both");
	}
	return 0;
}

static int tls_check(const struct http_opts *http, struct err *err)
{
	const char *name = http->tls.server_name;
	struct address address;

	if (http->tls.key_file && !http->tls.certificate_file) {
		return err_set(err, ERR_INPUT, "tls.key_file without tls.cert_file");
	}
	if (name && !host_name_is_valid(str_of(name)) &&
		!address_parse(str_of(name), 0, &address)) {
		return err_set(err, ERR_INPUT, "tls.server_name '%s' is no host name",
			utf8_quote(str_of(name)).text);
	}
	return 0;
}

static const char *http_target(const void *opts, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	url_add_masked(str_of(((const struct http_opts *)opts)->address), &text);
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

static int http_validate(void *opts, struct arena *arena, struct err *err)
{
	static const char *const schemes[] = {"http", "https", NULL};
	struct http_opts *http = opts;
	const char *authority = strstr(http->address, "://");
	struct http_request request;

	if (authority && authority[3] == '@') {
		return err_set(err, ERR_INPUT,
			"groups and node sets in URLs work on the command line only, not in '%s'",
			http_target(http, arena));
	}
	if (url_parse(str_of(http->address), arena, &http->url, err) < 0 ||
		url_check_scheme(&http->url, schemes, err) < 0 || method_check(http, err) < 0 ||
		credentials_check(http, err) < 0 || tls_check(http, err) < 0 ||
		make_header_lines(http, arena, err) < 0 || read_body(http, arena, err) < 0) {
		return -1;
	}
	if (http->network.resolve.sa_len) {
		address_set_port(&http->network.resolve, http->url.port);
	}
	fill_request(http, &request);
	return http_request_check(&request, err);
}

static int http_from_target(struct str target, struct arena *arena, void *opts, struct err *err)
{
	(void)err;
	((struct http_opts *)opts)->address = str_dup(target, arena);
	return 0;
}

static const char *const http_schemes[] = {"http", "https", NULL};

const struct check_kind check_http = {
	.variant =
		{
			.name = "http",
			.summary = "an HTTP server answers, and answers what it should",
			.rows = http_rows,
			.opts_size = sizeof(struct http_opts),
			.object = &check_http,
			.validate = http_validate,
		},
	.values = http_values,
	.schemes = http_schemes,
	.timeout_state = CHECK_CRITICAL,
	.has_own_deadline = true,
	.from_target = http_from_target,
	.target = http_target,
	.start = http_check_start,
	.interrupted = http_check_interrupted,
	.release = http_check_release,
};
