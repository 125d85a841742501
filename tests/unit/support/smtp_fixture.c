/*
 * See smtp_fixture.h.
 */
#include "support/smtp_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/time.h"
#include "cmocka_all.h"

enum { POLL_MS = 1, POLLS_MAX = 5000 };

static const struct dns_rule names[] = {
	{"refused.example", DNS_ANSWER, "127.0.0.2", NULL},
	{"silent.example", DNS_SILENCE},
	{"missing.example", DNS_ANSWER, NULL, NULL},
	{"*", DNS_ANSWER, "127.0.0.1", NULL},
	{NULL},
};

int smtp_fixture_start(void **state)
{
	struct smtp_fixture *fixture = xcalloc(1, sizeof(*fixture));
	struct resolver_options options = {0};

	fixture->arena = arena_new();
	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	fixture->names = dns_server_new(fixture->loop, names);
	options.servers =
		arena_printf(fixture->arena, "127.0.0.1:%u", dns_server_port(fixture->names));
	assert_int_equal(resolver_new(fixture->loop, &options, &fixture->resolver, NULL), 0);
	fixture->client = smtp_client_new(fixture->loop, fixture->resolver);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/smtp_fixture.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	fixture->ca_file = arena_printf(fixture->arena, "%s/ca.pem", fixture->folder);
	certificate_make(&(struct certificate_spec){.common_name = "Root",
				 .from_days = -1,
				 .until_days = 10,
				 .is_authority = true},
		&fixture->root);
	certificate_append_pem(&fixture->root, fixture->ca_file);
	certificate_make(&(struct certificate_spec){.common_name = "good",
				 .names = "DNS:mail.example,IP:127.0.0.1",
				 .from_days = -1,
				 .until_days = 10,
				 .issuer = &fixture->root},
		&fixture->good);
	*state = fixture;
	return 0;
}

int smtp_fixture_end(void **state)
{
	struct smtp_fixture *fixture = *state;

	smtp_client_free(&fixture->client);
	resolver_free(&fixture->resolver);
	dns_server_free(&fixture->names);
	loop_free(&fixture->loop);
	certificate_release(&fixture->good);
	certificate_release(&fixture->root);
	(void)unlink(fixture->ca_file);
	(void)rmdir(fixture->folder);
	arena_free(fixture->arena);
	free(fixture);
	return 0;
}

const struct url *smtp_fixture_url(struct smtp_fixture *fixture, const char *scheme,
	const char *host, const struct smtp_server *server)
{
	struct url *url = arena_alloc(fixture->arena, sizeof(*url));
	const char *text =
		arena_printf(fixture->arena, "%s://%s:%u", scheme, host, smtp_server_port(server));

	assert_int_equal(url_parse(str_of(text), fixture->arena, url, NULL), 0);
	return url;
}

static const char *copy(struct smtp_fixture *fixture, const char *s)
{
	return s ? arena_strdup(fixture->arena, s) : NULL;
}

static void on_done(void *arg, const struct smtp_result *result)
{
	struct smtp_answer *answer = arg;
	struct smtp_fixture *fixture = answer->fixture;
	struct smtp_refusal *refusals =
		arena_calloc(fixture->arena, result->refusals_count, sizeof(*refusals));

	assert_false(answer->is_done);
	answer->is_done = true;
	answer->result = *result;
	answer->result.text = copy(fixture, result->text);
	answer->result.enhanced = copy(fixture, result->enhanced);
	answer->result.reply = copy(fixture, result->reply);
	answer->result.tls_version = copy(fixture, result->tls_version);
	for (size_t i = 0; i < result->refusals_count; i++) {
		refusals[i] = result->refusals[i];
		refusals[i].recipient = copy(fixture, refusals[i].recipient);
		refusals[i].enhanced = copy(fixture, refusals[i].enhanced);
		refusals[i].reply = copy(fixture, refusals[i].reply);
	}
	answer->result.refusals = refusals;
	answer->result.chain = NULL;
}

struct smtp_exchange *smtp_fixture_begin(struct smtp_fixture *fixture,
	const struct smtp_request *request, struct smtp_answer *answer)
{
	struct smtp_exchange *exchange;

	*answer = (struct smtp_answer){.fixture = fixture};
	exchange = smtp_start(fixture->client, request, on_done, answer);
	assert_non_null(exchange);
	assert_false(answer->is_done);
	return exchange;
}

void smtp_fixture_complete(struct smtp_request *request)
{
	static const char *const recipients[] = {"to@example.com"};

	if (!request->from) {
		request->from = "from@example.com";
	}
	if (!request->recipients) {
		request->recipients = recipients;
		request->recipients_count = ARRAY_LEN(recipients);
	}
	if (!request->message.ptr) {
		request->message = str_of("Subject: x\r\n\r\nhello\r\n");
	}
	if (request->timeout_ms == 0) {
		request->timeout_ms = 60000;
	}
}

struct smtp_answer smtp_fixture_run(struct smtp_fixture *fixture, struct smtp_request request)
{
	struct smtp_answer answer;

	smtp_fixture_complete(&request);
	(void)smtp_fixture_begin(fixture, &request, &answer);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_true(answer.is_done);
	return answer;
}

static void on_poll(void *arg)
{
	loop_stop(arg);
}

void smtp_fixture_wait(struct smtp_fixture *fixture)
{
	struct timer *timer = timer_add(fixture->loop, POLL_MS, on_poll, fixture->loop);

	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	timer_free(&timer);
}

void smtp_fixture_wait_for_line(
	struct smtp_fixture *fixture, const struct smtp_server *server, const char *line)
{
	for (int i = 0; !strstr(smtp_server_lines(server), line); i++) {
		if (i == POLLS_MAX) {
			fail_msg("no '%s' in '%s'", line, smtp_server_lines(server));
		}
		smtp_fixture_wait(fixture);
	}
}

static bool is_doing(const struct smtp_exchange *exchange, const char *phase)
{
	struct strbuf doing = STRBUF_INIT;
	bool is_it;

	smtp_exchange_add_phase(exchange, &doing);
	is_it = strstr(doing.buf, phase) != NULL;
	strbuf_release(&doing);
	return is_it;
}

void smtp_fixture_wait_for_phase(
	struct smtp_fixture *fixture, const struct smtp_exchange *exchange, const char *phase)
{
	for (int i = 0; !is_doing(exchange, phase); i++) {
		if (i == POLLS_MAX) {
			fail_msg("never '%s'", phase);
		}
		smtp_fixture_wait(fixture);
	}
}

void smtp_fixture_jump(struct smtp_fixture *fixture, int64_t ms)
{
	time_fake(time_mono_ms() + ms, time_wall_ms() + ms);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	time_fake_end();
}
