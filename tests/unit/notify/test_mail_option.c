/*
 * Options about mail: what is taken, what is refused, what tells values apart.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/url.h"
#include "notify/mail_option.h"

struct sample {
	struct mail_address from;
	const struct url *smtp;
};

static const struct option_row rows[] = {
	{.name = "from",
		.type = &option_mail_address,
		.offset = offsetof(struct sample, from),
		.help = "x"},
	{.name = "smtp",
		.type = &option_smtp_url,
		.offset = offsetof(struct sample, smtp),
		.def = "smtp://localhost",
		.help = "x"},
	{0},
};

static void test_good(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	struct sample sample;

	(void)state;
	assert_int_equal(option_rows_check(rows, NULL), 0);
	option_set_defaults(rows, &context, &sample);
	assert_null(sample.from.address);
	assert_string_equal(sample.smtp->host, "localhost");
	assert_int_equal(sample.smtp->port, 25);
	assert_int_equal(option_parse(&rows[0], &context, str_of("SRE <a@b>"), &sample, NULL), 0);
	assert_string_equal(sample.from.name, "SRE");
	assert_string_equal(sample.from.address, "a@b");
	assert_int_equal(
		option_parse(&rows[1], &context, str_of("smtps://mail.example"), &sample, NULL), 0);
	assert_int_equal(sample.smtp->port, 465);
}

static void test_bad(void **state)
{
	static const struct {
		size_t row;
		const char *text, *message;
	} cases[] = {
		{0, "nobody", "'nobody' is not a mail address"},
		{0, "a@b, c@d", "is not a mail address"},
		{1, "localhost", "localhost"},
		{1, "http://localhost", "http"},
		{1, "smtp://localhost/me.example", "nothing may follow the host and port"},
		{1, "smtp://localhost/?a=b", "nothing may follow the host and port"},
		{1, "smtp://me:s3cret@localhost", "do not belong into the URL of a mail server"},
		{1, "smtp://me@localhost", "do not belong into the URL of a mail server"},
		{1, "smtp://", ""},
		{1, "smtp://localhost:99999", "port"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample sample = {0};
		struct err err = {0};

		assert_int_equal(option_parse(&rows[cases[i].row], &context, str_of(cases[i].text),
					 &sample, &err),
			-1);
		if (!strstr(err.msg, cases[i].message)) {
			fail_msg("'%s': %s", cases[i].text, err.msg);
		}
		assert_null(sample.from.address);
		assert_null(sample.smtp);
	}
}

static void test_add(void **state)
{
	static const struct mail_address addresses[] = {
		{NULL, "a@b"}, {"SRE", "a@b"}, {"SRE", "a@c"}, {NULL, NULL}};
	static const char *const urls[] = {"smtp://a", "smtps://a", "smtp://b", "smtp://a:26"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	struct strbuf all = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct strbuf text = STRBUF_INIT;

		option_mail_address.add(&addresses[i], &text);
		strbuf_addc(&text, '\n');
		assert_null(strstr(all.buf, text.buf));
		strbuf_addstr(&all, strbuf_str(&text));
		strbuf_release(&text);
	}
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct strbuf text = STRBUF_INIT;
		struct sample sample = {0};

		assert_int_equal(
			option_parse(&rows[1], &context, str_of(urls[i]), &sample, NULL), 0);
		strbuf_addc(&text, '\n');
		option_smtp_url.add(&sample.smtp, &text);
		strbuf_addc(&text, '\n');
		assert_null(strstr(all.buf, text.buf));
		strbuf_addstr(&all, strbuf_str(&text));
		strbuf_release(&text);
	}
	strbuf_release(&all);
}

static void test_schema(void **state)
{
	struct strbuf schema = STRBUF_INIT;

	(void)state;
	option_mail_address.schema(&rows[0], &schema);
	strbuf_adds(&schema, "; ");
	option_smtp_url.schema(&rows[1], &schema);
	assert_string_equal(schema.buf, "\"type\": \"string\", \"pattern\": \"@\"; \"type\": "
					"\"string\", \"pattern\": \"^smtps?://\"");
	strbuf_release(&schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
