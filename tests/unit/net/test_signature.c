/*
 * Signatures: the vectors of each form, who may be off by how much, what is told of a wrong one.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/signature.h"

struct vector {
	enum signature_form form;
	const char *secret;
	const char *id, *timestamp, *body;
	const char *signature;
	int64_t at_s; /* when it was signed; 0: no time in it */
};

#define SLACK_BODY                                                                                 \
	"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&"                \
	"channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&"         \
	"command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"   \
	"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"                                  \
	"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"

// clang-format off
static const struct vector vectors[] = {
	{SIGNATURE_STANDARD_WEBHOOKS, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
	 "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 1614265330},
	{SIGNATURE_SLACK, "8f742231b10e8888abcd99yyyzzz85a5", "", "1531420618",
	 SLACK_BODY, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", 1531420618},
	{SIGNATURE_GITHUB, "It's a Secret to Everybody", "", "",
	 "Hello, World!", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", 0},
	/* The MAC is that of GitHub, the frame another. */
	{SIGNATURE_PAGERDUTY, "It's a Secret to Everybody", "", "",
	 "Hello, World!", "v1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", 0},
};
// clang-format on

static struct signed_message message_of(const struct vector *v)
{
	return (struct signed_message){str_of(v->id), str_of(v->timestamp), str_of(v->body)};
}

static struct str key_of(const struct vector *v, struct arena *arena)
{
	struct str key = {0};
	struct err err = {0};

	assert_int_equal(signature_key(v->form, str_of(v->secret), arena, &key, &err), 0);
	return key;
}

static enum signature_verdict verdict(const struct vector *v, struct str key,
	const struct signed_message *message, const char *signature, int64_t now_s)
{
	return signature_verify(v->form, &key, 1, message, str_of(signature), now_s).verdict;
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct str key = key_of(v, arena);
		struct signed_message message = message_of(v);
		struct strbuf made = STRBUF_INIT;

		signature_add(v->form, key, &message, &made);
		assert_string_equal(made.buf, v->signature);
		assert_int_equal(verdict(v, key, &message, v->signature, v->at_s), SIGNATURE_VALID);
		strbuf_release(&made);
	}
}

static void test_window(void **state)
{
	static const struct {
		int64_t skew_s;
		enum signature_verdict verdict;
	} cases[] = {
		{0, SIGNATURE_VALID},
		{299, SIGNATURE_VALID},
		{300, SIGNATURE_VALID},
		{301, SIGNATURE_TOO_OLD},
		{1000000, SIGNATURE_TOO_OLD},
		{-299, SIGNATURE_VALID},
		{-300, SIGNATURE_VALID},
		{-301, SIGNATURE_TOO_NEW},
		{-1000000, SIGNATURE_TOO_NEW},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct str key = key_of(v, arena);
		struct signed_message message = message_of(v);

		for (size_t j = 0; j < ARRAY_LEN(cases); j++) {
			struct signature_check check = signature_verify(v->form, &key, 1, &message,
				str_of(v->signature), v->at_s + cases[j].skew_s);

			assert_int_equal(
				check.verdict, v->at_s ? cases[j].verdict : SIGNATURE_VALID);
			assert_int_equal(check.skew_s, v->at_s ? cases[j].skew_s : 0);
			assert_true((check.header == NULL) == (check.verdict == SIGNATURE_VALID));
		}
	}
}

static void test_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct str key = key_of(v, arena);
		struct signed_message message = message_of(v);
		char *copy = arena_strdup(arena, v->body);

		for (size_t byte = 0; byte < message.body.len; byte++) {
			copy[byte] ^= 1;
			message.body = str_of(copy);
			assert_int_equal(verdict(v, key, &message, v->signature, v->at_s),
				SIGNATURE_MISMATCH);
			copy[byte] ^= 1;
		}
		message.body = str_sub(message.body, 0, message.body.len - 1);
		assert_int_equal(
			verdict(v, key, &message, v->signature, v->at_s), SIGNATURE_MISMATCH);
		message = message_of(v);
		message.body = str_of(arena_printf(arena, "%s\r\n", v->body));
		assert_int_equal(
			verdict(v, key, &message, v->signature, v->at_s), SIGNATURE_MISMATCH);
		message = message_of(v);
		assert_int_equal(
			verdict(v, str_of("another secret"), &message, v->signature, v->at_s),
			SIGNATURE_MISMATCH);
		assert_int_equal(
			signature_verify(v->form, NULL, 0, &message, str_of(v->signature), v->at_s)
				.verdict,
			SIGNATURE_MISMATCH);
	}
}

static void test_headers(void **state)
{
	static const char standard[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
	static const struct {
		const char *id, *timestamp, *signature;
		enum signature_verdict verdict;
		const char *header;
	} cases[] = {
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "", SIGNATURE_NO_HEADER,
			"webhook-signature"},
		{"", "1614265330", standard, SIGNATURE_NO_HEADER, "webhook-id"},
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "", standard, SIGNATURE_NO_HEADER,
			"webhook-timestamp"},
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "yesterday", standard, SIGNATURE_BAD_TIMESTAMP,
			"webhook-timestamp"},
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "-1", standard, SIGNATURE_BAD_TIMESTAMP,
			"webhook-timestamp"},
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330.0", standard, SIGNATURE_BAD_TIMESTAMP,
			"webhook-timestamp"},
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "99999999999999999999", standard,
			SIGNATURE_BAD_TIMESTAMP, "webhook-timestamp"},
		{"msg_another", "1614265330", standard, SIGNATURE_MISMATCH, NULL},
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265331", standard, SIGNATURE_MISMATCH, NULL},
		/* the same number, and yet not what was signed */
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", "01614265330", standard, SIGNATURE_MISMATCH, NULL},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct str key = key_of(&vectors[0], arena);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct signed_message message = {
			str_of(cases[i].id), str_of(cases[i].timestamp), str_of(vectors[0].body)};
		struct signature_check check = signature_verify(SIGNATURE_STANDARD_WEBHOOKS, &key,
			1, &message, str_of(cases[i].signature), vectors[0].at_s);

		assert_int_equal(check.verdict, cases[i].verdict);
		assert_true((check.header == NULL) == (cases[i].header == NULL));
		if (check.header) {
			assert_string_equal(check.header, cases[i].header);
		}
	}
}

/* Several signatures, versions that we do not know, and what is no signature at all. */
static void test_signature_values(void **state)
{
#define STANDARD "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define OTHER "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HEX "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define OTHER_HEX "0000000000000000000000000000000000000000000000000000000000000000"
	static const struct {
		enum signature_form form;
		const char *signature;
		enum signature_verdict verdict;
	} cases[] = {
		{SIGNATURE_STANDARD_WEBHOOKS, OTHER " " STANDARD, SIGNATURE_VALID},
		{SIGNATURE_STANDARD_WEBHOOKS, STANDARD " " OTHER, SIGNATURE_VALID},
		{SIGNATURE_STANDARD_WEBHOOKS, "v1a,AAAA  v2,x " STANDARD " ", SIGNATURE_VALID},
		{SIGNATURE_STANDARD_WEBHOOKS, OTHER, SIGNATURE_MISMATCH},
		{SIGNATURE_STANDARD_WEBHOOKS, OTHER "," STANDARD, SIGNATURE_MALFORMED},
		{SIGNATURE_STANDARD_WEBHOOKS, "v1,", SIGNATURE_MALFORMED},
		{SIGNATURE_STANDARD_WEBHOOKS, "v1,AAAA", SIGNATURE_MALFORMED},
		{SIGNATURE_STANDARD_WEBHOOKS,
			"v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", SIGNATURE_MALFORMED},
		{SIGNATURE_STANDARD_WEBHOOKS, " ", SIGNATURE_MALFORMED},
		{SIGNATURE_GITHUB, "sha256=" HEX, SIGNATURE_VALID},
		{SIGNATURE_GITHUB,
			"sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17",
			SIGNATURE_VALID},
		{SIGNATURE_GITHUB, "sha256=" HEX "00", SIGNATURE_MALFORMED},
		{SIGNATURE_GITHUB, "sha1=" HEX, SIGNATURE_MALFORMED},
		{SIGNATURE_GITHUB, HEX, SIGNATURE_MALFORMED},
		{SIGNATURE_GITHUB, "sha256=" OTHER_HEX ",sha256=" HEX, SIGNATURE_MALFORMED},
		{SIGNATURE_GITHUB,
			"sha256=g57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
			SIGNATURE_MALFORMED},
		{SIGNATURE_PAGERDUTY, "v1=" OTHER_HEX ",v1=" HEX, SIGNATURE_VALID},
		{SIGNATURE_PAGERDUTY, "v2=" HEX ", v1=" HEX, SIGNATURE_VALID},
		{SIGNATURE_PAGERDUTY, "v1=" OTHER_HEX, SIGNATURE_MISMATCH},
		{SIGNATURE_PAGERDUTY, "v1=" OTHER_HEX " v1=" HEX, SIGNATURE_MALFORMED},
		{SIGNATURE_PAGERDUTY, ",,,", SIGNATURE_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct vector *v = &vectors[cases[i].form];
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct signed_message message = message_of(v);

		assert_int_equal(v->form, cases[i].form);
		assert_int_equal(
			verdict(v, key_of(v, arena), &message, cases[i].signature, v->at_s),
			cases[i].verdict);
	}
}

static void test_long_header(void **state)
{
	const struct vector *v = &vectors[SIGNATURE_PAGERDUTY];
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct signed_message message = message_of(v);
	struct strbuf header = STRBUF_INIT;

	(void)state;
	strbuf_adds(&header, v->signature);
	strbuf_addn(&header, ',', SIGNATURE_HEADER_MAX - header.len);
	assert_int_equal(verdict(v, key_of(v, arena), &message, header.buf, 0), SIGNATURE_VALID);
	strbuf_addc(&header, ',');
	assert_int_equal(
		verdict(v, key_of(v, arena), &message, header.buf, 0), SIGNATURE_MALFORMED);
	strbuf_release(&header);
}

/* While secrets are rotated: whichever it was is told. */
static void test_rotation(void **state)
{
	const struct vector *v = &vectors[SIGNATURE_STANDARD_WEBHOOKS];
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct signed_message message = message_of(v);
	struct str keys[2] = {str_of("another secret of any length"), key_of(v, arena)};
	struct strbuf header = STRBUF_INIT;
	struct signature_check check;

	(void)state;
	check = signature_verify(v->form, keys, 2, &message, str_of(v->signature), v->at_s);
	assert_int_equal(check.verdict, SIGNATURE_VALID);
	assert_int_equal(check.secret, 1);
	signature_add(v->form, keys[1], &message, &header);
	strbuf_addc(&header, ' ');
	signature_add(v->form, keys[0], &message, &header);
	check = signature_verify(v->form, keys, 2, &message, strbuf_str(&header), v->at_s);
	assert_int_equal(check.verdict, SIGNATURE_VALID);
	assert_int_equal(check.secret, 0);
	strbuf_release(&header);
}

static void test_secrets(void **state)
{
#define A24 "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
	static const struct {
		enum signature_form form;
		const char *secret;
		size_t len; /* 0: refused */
	} cases[] = {
		{SIGNATURE_STANDARD_WEBHOOKS, "whsec_" A24, 24},
		{SIGNATURE_STANDARD_WEBHOOKS, A24, 24},
		{SIGNATURE_STANDARD_WEBHOOKS, "whsec_" A24 A24 "QUFBQUFBQUFBQUFBQUFBQQ==", 64},
		{SIGNATURE_STANDARD_WEBHOOKS, "whsec_" A24 A24 "QUFBQUFBQUFBQUFBQUFBQQ", 64},
		{SIGNATURE_STANDARD_WEBHOOKS, "whsec_" A24 A24 "QUFBQUFBQUFBQUFBQUFBQUE=", 0},
		{SIGNATURE_STANDARD_WEBHOOKS, "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=", 0},
		{SIGNATURE_STANDARD_WEBHOOKS, "whsec_", 0},
		{SIGNATURE_STANDARD_WEBHOOKS, "whsec_?" A24, 0},
		{SIGNATURE_STANDARD_WEBHOOKS, "", 0},
		{SIGNATURE_SLACK, "x", 1},
		{SIGNATURE_SLACK, "", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct str key = {"untouched", 9};
		struct err err = {0};
		int status =
			signature_key(cases[i].form, str_of(cases[i].secret), arena, &key, &err);

		assert_int_equal(status, cases[i].len ? 0 : -1);
		if (cases[i].len) {
			assert_int_equal(key.len, cases[i].len);
			continue;
		}
		assert_string_equal(key.ptr, "untouched");
		assert_int_equal(err.code, ERR_INPUT);
		assert_null(strstr(err.msg, "QUFB"));
	}
}

static void test_names(void **state)
{
	(void)state;
	for (int form = 0; form < SIGNATURE_FORMS; form++) {
		assert_true(*signature_form_name((enum signature_form)form));
		assert_non_null(signature_headers((enum signature_form)form).signature);
	}
	for (int v = 0; v < SIGNATURE_VERDICTS; v++) {
		assert_true(*signature_verdict_text((enum signature_verdict)v));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_signature_values),
		cmocka_unit_test(test_long_header),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
