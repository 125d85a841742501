/*
 * Checks of TCP servers that answer, stutter, break off, say nothing, or are not there.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include <unistd.h>

#include "base/alloc.h"
#include "check/check_kinds.h"
#include "check/network_fixture.h"

static const struct check_settings no_settings;

static const struct tcp_script_step silent[] = {{SCRIPT_HANG}};

/* A check as the configuration has it: what cannot be said in one word after --set. */
static const struct check_result *check_yaml(
	struct network *n, const char *yaml, int64_t timeout_ms)
{
	const struct check_defaults defaults = {
		.interval_ms = 1000, .timeout_ms = timeout_ms, .attempts = 1, .recover = 1};
	struct conf conf;
	struct err err = {0};
	void *item = NULL;
	const struct option_items items = {&item, 1};

	conf_init(&conf);
	if (conf_read_item(&conf, "t.yaml", str_of(network_text(n, yaml)), &check_variants, &item,
		    &err) < 0) {
		fail_msg("%s", err.msg);
	}
	check_config_finish(&conf, &defaults, &items);
	checked_free(&n->checked);
	n->checked = (struct checked){.check = item};
	(void)check_run_start(&n->env, item, checked_done, &n->checked);
	assert_int_equal(loop_run(n->env.loop, &err), 0);
	assert_non_null(n->checked.result.arena);
	conf_release(&conf);
	return &n->checked.result;
}

static bool has_value(const struct check_result *result, const char *name)
{
	return check_value_find(result, name, NULL) != NULL;
}

static void connects(void **state)
{
	struct network *n = *state;
	const struct check_result *result;

	network_serve(n, silent);
	result = network_check(n, "tcp://127.0.0.1:%u", &no_settings);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_says(result->message, network_text(n, "connected to 127.0.0.1:%u in "));
	assert_true(has_value(result, "lookup_seconds"));
	assert_true(has_value(result, "connect_seconds"));
	assert_true(has_value(result, "total_seconds"));
	assert_false(has_value(result, "dialogue_seconds"));
	assert_string_equal(check_value_find(result, "remote_address", NULL)->text,
		network_text(n, "127.0.0.1:%u"));
	assert_int_equal(result->evidence_count, 0);
}

static void speaks(void **state)
{
	// clang-format off
	static const struct tcp_script_step smtp[] = {
		{SCRIPT_TRICKLE, "220 mail.example ESMTP\r\n"}, {SCRIPT_WAIT, "EHLO check\r\n"},
		{SCRIPT_SEND, "250-mail.example\r\n"}, {SCRIPT_PAUSE}, {SCRIPT_SEND, "250 SIZE\r\n"},
		{SCRIPT_WAIT, "QUIT\r\n"}, {SCRIPT_SEND, "221 bye\r\n"}, {SCRIPT_END}};
	static const struct tcp_script_step at_once[] = {
		{SCRIPT_SEND, "one two three"}, {SCRIPT_HANG}};
	static const struct tcp_script_step byte_by_byte[] = {
		{SCRIPT_TRICKLE, "one two three"}, {SCRIPT_HANG}};
	static const struct tcp_script_step echo[] = {
		{SCRIPT_WAIT, "ping"}, {SCRIPT_SEND, "ping"}, {SCRIPT_END}};
	static const struct tcp_script_step bytes[] = {
		{SCRIPT_WAIT, "\x01\xff\\\"\x1b\r\n\t"}, {SCRIPT_SEND, "ok"}, {SCRIPT_END}};
	static const struct {
		const struct tcp_script_step *script;
		const char *yaml;
	} cases[] = {
		{smtp, "{tcp: '127.0.0.1:%u', dialogue: [{expect: '^220 .*\n'}, {send: 'EHLO check\\r\\n'},"
		       " {expect: '(?m)^250 '}, {send: \"QUIT\\r\\n\"}, {expect: '221'}]}"},
		{at_once, "{tcp: '127.0.0.1:%u', dialogue: [{expect: one}, {expect: two}, {expect: three}]}"},
		/* what follows a match is a text of its own */
		{at_once, "{tcp: '127.0.0.1:%u', dialogue: [{expect: '^one '}, {expect: '^two '}, {expect: '^three$'}]}"},
		{byte_by_byte, "{tcp: '127.0.0.1:%u', dialogue: [{expect: '^one '}, {expect: '^two '}, {expect: '^three$'}]}"},
		{echo, "{tcp: '127.0.0.1:%u', dialogue: [{send: p}, {send: in}, {send: g}, {expect: ping}]}"},
		{echo, "{tcp: '127.0.0.1:%u', send: ping, expect: '^ping$'}"},
		{echo, "{tcp: '127.0.0.1:%u', dialogue: [{send: pi}], send: ng, expect: '^ping$'}"},
		{bytes, "{tcp: '127.0.0.1:%u', send: '\\x01\\xFF\\\\\\\"\\e\\r\\n\\t', expect: ok}"},
	};
	// clang-format on
	struct network *n = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct check_result *result;

		network_serve(n, cases[i].script);
		result = check_yaml(n, cases[i].yaml, 20000);
		assert_outcome(&n->checked, CHECK_OK, CODE_OK);
		assert_says(result->message,
			network_text(n, "connected and spoke to 127.0.0.1:%u in "));
		assert_true(has_value(result, "dialogue_seconds"));
		assert_int_equal(result->evidence_count, 0);
	}
}

/* A NUL travels too. */
static void sends_any_byte(void **state)
{
	static const struct tcp_script_step script[] = {
		{SCRIPT_WAIT, "z"}, {SCRIPT_SEND, "ok"}, {SCRIPT_END}};
	static const struct check_settings settings = {{"send=a\\0\\x00z", "expect=ok"}};
	struct network *n = *state;

	network_serve(n, script);
	(void)network_check(n, "tcp://127.0.0.1:%u", &settings);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_int_equal(tcp_script_received(n->server)->len, 4);
	assert_memory_equal(tcp_script_received(n->server)->buf, "a\0\0z", 4);
}

static void tells_what_broke_the_dialogue(void **state)
{
	// clang-format off
	static const struct tcp_script_step greets_and_goes[] = {
		{SCRIPT_SEND, "220 hi\r\n"}, {SCRIPT_END}};
	static const struct tcp_script_step goes[] = {{SCRIPT_END}};
	static const struct tcp_script_step resets[] = {
		{SCRIPT_SEND, "hi"}, {SCRIPT_WAIT, "x"}, {SCRIPT_RESET}};
	static const struct tcp_script_step hostile[] = {
		{SCRIPT_SEND, "\x1b[2J'\xff\xe2\x80\xae\n"}, {SCRIPT_END}};
	static const struct tcp_script_step backtracking[] = {
		{SCRIPT_SEND, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}, {SCRIPT_HANG}};
	static const struct {
		const struct tcp_script_step *script;
		const char *dialogue; /* a list of steps */
		enum check_code code;
		const char *message;
		const char *received; /* evidence */
	} cases[] = {
		{greets_and_goes, "{expect: '250'}", CODE_CONNECTION_CLOSED,
		 "step 1: the peer closed the connection before '250'; got '220 hi\\r\\n'", "220 hi\\r\\n"},
		{greets_and_goes, "{expect: '220 '}, {expect: 'ho'}", CODE_CONNECTION_CLOSED,
		 "step 2: the peer closed the connection before 'ho'; got 'hi\\r\\n'", "hi\\r\\n"},
		{goes, "{expect: 'x'}", CODE_CONNECTION_CLOSED,
		 "step 1: the peer closed the connection before 'x'; got nothing", ""},
		{resets, "{send: 'x'}, {expect: 'ho'}", CODE_CONNECTION_CLOSED,
		 "step 2: Connection reset by peer while waiting for 'ho'; got 'hi'", "hi"},
		{hostile, "{expect: 'ok'}", CODE_CONNECTION_CLOSED,
		 "step 1: the peer closed the connection before 'ok'; got '\\x1b[2J'\\xff\\u202e\\n'",
		 "\\x1b[2J'\\xff\\u202e\\n"},
		{backtracking, "{expect: '^(a+)+$'}", CODE_DIALOGUE_MISMATCH,
		 "step 1: matching '^(a+)+$' takes too much work; simplify the expression",
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"},
		/* long texts are cut */
		{goes, "{expect: 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg'}", CODE_CONNECTION_CLOSED,
		 "step 1: the peer closed the connection before 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffff...'; got nothing", ""},
	};
	// clang-format on
	struct network *n = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf yaml = STRBUF_INIT;
		const struct check_result *result;

		network_serve(n, cases[i].script);
		strbuf_addf(&yaml, "{tcp: '127.0.0.1:%%u', dialogue: [%s]}", cases[i].dialogue);
		result = check_yaml(n, yaml.buf, 20000);
		strbuf_release(&yaml);
		assert_result(n, CHECK_CRITICAL, cases[i].code, cases[i].message);
		assert_string_equal(evidence_of(result, "received"), cases[i].received);
		assert_string_equal(evidence_of(result, "command"),
			network_text(n, "nc -v -w 10 127.0.0.1 %u"));
		assert_false(has_value(result, "total_seconds"));
		assert_true(has_value(result, "connect_seconds"));
	}
}

/* More than the buffers between the two can hold. */
static const struct check_result *send_much(struct network *n, const char *timeout)
{
	struct strbuf send = STRBUF_INIT;
	const struct check_result *result;

	strbuf_adds(&send, "send=");
	strbuf_addn(&send, 'x', 16 * 1024 * 1024);
	result = network_check(
		n, "tcp://127.0.0.1:%u", &(struct check_settings){{send.buf, timeout}});
	strbuf_release(&send);
	return result;
}

static void a_lost_connection_is_told_while_sending_too(void **state)
{
	static const struct tcp_script_step resets[] = {{SCRIPT_WAIT, "x"}, {SCRIPT_RESET}};
	struct network *n = *state;
	const struct check_result *result;

	network_serve(n, resets);
	result = send_much(n, "timeout=20s");
	assert_outcome(&n->checked, CHECK_CRITICAL, CODE_CONNECTION_CLOSED);
	assert_says(result->message,
		network_text(n, "connection to 127.0.0.1:%u lost while sending: "));
}

static void reads_so_much_and_no_more(void **state)
{
	static const struct tcp_script_step floods[] = {{SCRIPT_FLOOD,
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"}};
	static const struct check_settings settings = {{"expect=never"}};
	struct network *n = *state;
	const struct check_result *result;

	network_serve(n, floods);
	result = network_check(n, "tcp://127.0.0.1:%u", &settings);
	assert_result(n, CHECK_CRITICAL, CODE_DIALOGUE_MISMATCH,
		"step 1: 64 KiB came without a match of 'never'; got "
		"'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'");
	assert_int_equal(strlen(evidence_of(result, "received")), 260); /* 256 with four \\n */
}

static void tells_why_there_is_no_connection(void **state)
{
	static const struct {
		const char *target;
		struct check_settings settings;
		enum check_state state;
		enum check_code code;
		const char *message;
		const char *address; /* evidence */
	} cases[] = {
		{"tcp://127.0.0.2:%u", {{0}}, CHECK_CRITICAL, CODE_CONNECTION_REFUSED,
			"connection refused by 127.0.0.2:%u", "127.0.0.2:%u"},
		{"tcp://missing.example.:25", {{0}}, CHECK_CRITICAL, CODE_DNS_FAILED,
			"no such name 'missing.example.'", ""},
		{"tcp://up.example.:25", {{"ip_family=ipv6"}}, CHECK_CRITICAL, CODE_DNS_FAILED,
			"name 'up.example.' has no IPv6 address", ""},
		{"tcp://up.example:%u", {{"source_address=192.0.2.99"}}, CHECK_UNKNOWN,
			CODE_LOCAL_ERROR,
			"cannot reach 127.0.0.1:%u from 192.0.2.99: Cannot assign requested "
			"address",
			"127.0.0.1:%u"},
		{"tcp://up.example:%u", {{"resolve=127.0.0.3"}}, CHECK_CRITICAL,
			CODE_CONNECTION_REFUSED, "connection refused by 127.0.0.3:%u",
			"127.0.0.3:%u"},
	};
	struct network *n = *state;

	network_serve(n, silent);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct check_result *result =
			network_check(n, cases[i].target, &cases[i].settings);

		assert_result(n, cases[i].state, cases[i].code, cases[i].message);
		assert_string_equal(
			evidence_of(result, "address"), network_text(n, cases[i].address));
		assert_says(evidence_of(result, "command"), "nc -v -w 10 ");
		assert_false(has_value(result, "connect_seconds"));
	}
}

/* That we have no descriptors left says nothing of the target. */
static void our_own_limits_are_not_the_targets(void **state)
{
	struct network *n = *state;
	struct rlimit limit = {0};
	struct rlimit none = {0};

	network_serve(n, silent);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	(void)network_check(n, "tcp://127.0.0.1:%u", &no_settings);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_result(n, CHECK_UNKNOWN, CODE_LOCAL_ERROR,
		"cannot connect to 127.0.0.1:%u: Too many open files");
}

static void takes_the_way_it_is_told(void **state)
{
	static const struct {
		const char *listens, *target;
		struct check_settings settings;
		const char *remote, *peer;
	} cases[] = {
		{"127.0.0.1", "tcp://up.example:%u", {{0}}, "127.0.0.1:%u", "127.0.0.1"},
		{"127.0.0.1", "tcp://UP.example:%u/", {{0}}, "127.0.0.1:%u", "127.0.0.1"},
		{"127.0.0.1", "tcp://second.example:%u", {{0}}, "127.0.0.1:%u", "127.0.0.1"},
		{"127.0.0.1", "tcp://missing.example:%u", {{"resolve=127.0.0.1"}}, "127.0.0.1:%u",
			"127.0.0.1"},
		{"127.0.0.1", "tcp://up.example:%u", {{"source_address=127.0.0.9"}}, "127.0.0.1:%u",
			"127.0.0.9"},
		{"::1", "tcp://[::1]:%u", {{0}}, "[::1]:%u", "::1"},
		{"::1", "tcp://both.example:%u", {{"ip_family=ipv6"}}, "[::1]:%u", "::1"},
		{"::1", "tcp://missing.example:%u", {{"resolve=::1"}}, "[::1]:%u", "::1"},
		{"::1", "tcp://both.example:%u", {{0}}, "[::1]:%u", "::1"},
	};
	struct network *n = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct check_result *result;
		struct address peer;
		struct strbuf ip = STRBUF_INIT;

		if (!network_serve_on(n, cases[i].listens, silent)) {
			skip_because("this machine has no IPv6");
		}
		result = network_check(n, cases[i].target, &cases[i].settings);
		assert_outcome(&n->checked, CHECK_OK, CODE_OK);
		assert_string_equal(check_value_find(result, "remote_address", NULL)->text,
			network_text(n, cases[i].remote));
		peer = tcp_script_peer(n->server);
		address_add_ip(&peer, &ip);
		assert_string_equal(ip.buf, cases[i].peer);
		strbuf_release(&ip);
	}
}

/* Every phase has the same deadline, and is told. */
static void says_what_it_was_doing_at_its_deadline(void **state)
{
	static const struct tcp_script_step half[] = {{SCRIPT_SEND, "220\r\n"}, {SCRIPT_HANG}};
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *message, *received;
	} cases[] = {
		{"tcp://silent.example:25", {{"timeout=60ms"}},
			"timed out after 60ms while looking up 'silent.example'", ""},
		{"tcp://127.0.0.1:%u", {{"timeout=60ms", "expect=^250"}},
			"timed out after 60ms while waiting in step 1 for '^250' from 127.0.0.1:%u",
			"220\\r\\n"},
	};
	struct network *n = *state;

	network_serve(n, half);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct check_result *result =
			network_check(n, cases[i].target, &cases[i].settings);

		assert_result(n, CHECK_CRITICAL, CODE_TIMEOUT, cases[i].message);
		assert_true(result->duration_us >= 60000);
		assert_string_equal(evidence_of(result, "received"), cases[i].received);
		assert_says(evidence_of(result, "command"), "nc -v -w 10 ");
	}

	(void)send_much(n, "timeout=100ms");
	assert_result(n, CHECK_CRITICAL, CODE_TIMEOUT,
		"timed out after 100ms while sending step 1 to 127.0.0.1:%u");
}

/* A listener whose queue is full answers nobody: the kernel drops what comes. */
static void a_silent_host_costs_no_more_than_its_deadline(void **state)
{
	struct network *n = *state;
	char target[64];
	int fillers[8];
	struct address address = {0};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(address_parse(str_of("127.0.0.1"), 0, &address));
	assert_int_equal(bind(listener, &address.sa.any, address.sa_len), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, &address.sa.any, &address.sa_len), 0);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[i], &address.sa.any, address.sa_len);
	}
	(void)snprintf(target, sizeof(target), "tcp://127.0.0.1:%u", address_port(&address));
	(void)network_check(n, target, &(struct check_settings){{"timeout=80ms"}});
	assert_outcome(&n->checked, CHECK_CRITICAL, CODE_TIMEOUT);
	assert_says(
		n->checked.result.message, "timed out after 80ms while connecting to 127.0.0.1:");
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		(void)close(fillers[i]);
	}
	(void)close(listener);
}

static void interrupt(void *arg)
{
	struct check_run **run = arg;

	check_run_interrupt(*run, "interrupted");
}

static void free_it(void *arg)
{
	check_run_free(arg);
}

/* In each phase: while looking up, while waiting. */
static void can_be_stopped_at_any_time(void **state)
{
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *message;
	} cases[] = {
		{"tcp://silent.example:25", {{0}}, "interrupted while looking up 'silent.example'"},
		{"tcp://127.0.0.1:%u", {{"expect=x"}},
			"interrupted while waiting in step 1 for 'x' from 127.0.0.1:%u"},
	};
	struct network *n = *state;

	network_serve(n, silent);
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		size_t c = i / 2;
		bool is_freed = i % 2 == 1;
		struct check_run *run = NULL;
		struct timer *timer =
			timer_add(n->env.loop, 20, is_freed ? free_it : interrupt, &run);
		struct err err = {0};

		checked_free(&n->checked);
		n->checked = (struct checked){.arena = arena_new()};
		assert_int_equal(checked_try(network_text(n, cases[c].target), &cases[c].settings,
					 n->checked.arena, &n->checked.check, &err),
			0);
		run = check_run_start(&n->env, n->checked.check, checked_done, &n->checked);
		assert_int_equal(loop_run(n->env.loop, &err), 0);
		timer_free(&timer);
		if (is_freed) {
			assert_null(run);
			assert_null(n->checked.result.arena);
		} else {
			assert_result(n, CHECK_UNKNOWN, CODE_CANCELLED, cases[c].message);
		}
	}
}

static void refuses_what_is_no_address(void **state)
{
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *error;
	} cases[] = {
		// clang-format off
		{"tcp:", {{0}}, "'tcp:' has no host; write tcp://HOST:PORT"},
		{"tcp:example.com:25", {{0}}, "'tcp:example.com:25' has no host; write tcp://HOST:PORT"},
		{"tcp://", {{0}}, "no host in 'tcp://'"},
		{"tcp:///", {{0}}, "'tcp:///': no host in 'tcp://'"},
		{"tcp://:25", {{0}}, "no host in 'tcp://:25'"},
		{"tcp://example.com", {{0}}, "no port in 'tcp://example.com'"},
		{"tcp://example.com:", {{0}}, "no port in 'tcp://example.com:'"},
		{"tcp://example.com:0", {{0}}, "port must be a number from 1 to 65535 in 'tcp://example.com:0'"},
		{"tcp://example.com:70000", {{0}}, "port must be a number from 1 to 65535 in 'tcp://example.com:70000'"},
		{"tcp://example.com:smtp", {{0}}, "port must be a number from 1 to 65535 in 'tcp://example.com:smtp'"},
		{"tcp://example.com:25/path", {{0}}, "more than HOST:PORT in 'tcp://example.com:25/path'"},
		{"tcp://example.com:25?a=b", {{0}}, "more than HOST:PORT in 'tcp://example.com:25?a=b'"},
		{"tcp://example.com:25#a", {{0}}, "more than HOST:PORT in 'tcp://example.com:25#a'"},
		{"tcp://me:secret@example.com:25", {{0}}, "more than HOST:PORT in 'tcp://me:***@example.com:25'"},
		{"tcp://exa mple:25", {{0}}, "space in 'tcp://exa mple:25'"},
		{"tcp://exa\x01mple:25", {{0}}, "control byte in 'tcp://exa\\x01mple:25'"},
		{"tcp://exa$mple:25", {{0}}, "bad host name in 'tcp://exa$mple:25'"},
		{"tcp://[::1]", {{0}}, "no port in 'tcp://[::1]'"},
		{"tcp://[::g]:25", {{0}}, "bad IPv6 address in 'tcp://[::g]:25'"},
		{"tcp://x:1", {{"expect=("}}, "'tcp://x:1': setting 'expect': regular expression '(': missing closing parenthesis at column 2"},
		{"tcp://x:1", {{"send=a\\q"}}, "'tcp://x:1': setting 'send': unknown escape at column 2; use \\r \\n \\t \\0 \\xHH or \\\\"},
		{"tcp://x:1", {{"resolve=localhost"}}, "'tcp://x:1': setting 'resolve': 'localhost' is no IP address (write 192.0.2.1 or 2001:db8::1)"},
		{"tcp://x:1", {{"ip_family=ipv5"}}, "'tcp://x:1': setting 'ip_family': 'ipv5' is not one of any, ipv4, ipv6; did you mean 'ipv4'?"},
		{"tcp://x:1", {{"dialogue=x"}}, "'tcp://x:1': setting 'dialogue': 'dialogue' can be set only in a configuration file"},
		{"tcp://x:1", {{"exepct=x"}}, "kind 'tcp': no setting 'exepct'; did you mean 'expect'?"},
		// clang-format on
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check = NULL;
		struct err err = {0};

		if (checked_try(cases[i].target, &cases[i].settings, arena, &check, &err) == 0) {
			fail_msg("'%s' was taken", cases[i].target);
		}
		assert_string_equal(err.msg, cases[i].error);
		assert_int_equal(err.code, ERR_INPUT);
		arena_free(arena);
	}
}

static void shows_the_target(void **state)
{
	static const char *const cases[][2] = {
		{"tcp://db-01:5432", "tcp://db-01:5432"},
		{"TCP://db-01:5432", "tcp://db-01:5432"},
		{"tcp://db-01:5432/", "tcp://db-01:5432"},
		{"tcp://[2001:db8::1]:443", "tcp://[2001:db8::1]:443"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check = NULL;
		struct err err = {0};

		assert_int_equal(checked_try(cases[i][0], &no_settings, arena, &check, &err), 0);
		assert_string_equal(check->target, cases[i][1]);
		assert_string_equal(check->name, cases[i][1]);
		assert_ptr_equal(check->kind, &check_tcp);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		network_test(connects),
		network_test(speaks),
		network_test(sends_any_byte),
		network_test(tells_what_broke_the_dialogue),
		network_test(a_lost_connection_is_told_while_sending_too),
		network_test(reads_so_much_and_no_more),
		network_test(tells_why_there_is_no_connection),
		network_test(our_own_limits_are_not_the_targets),
		network_test(takes_the_way_it_is_told),
		network_test(says_what_it_was_doing_at_its_deadline),
		network_test(a_silent_host_costs_no_more_than_its_deadline),
		network_test(can_be_stopped_at_any_time),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(shows_the_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
