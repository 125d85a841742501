/*
 * Numbers, strings and attributes, there and back, and cut short.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/sftp_wire.h"

static void test_there_and_back(void **state)
{
	struct strbuf bytes = STRBUF_INIT;
	struct sftp_reader reader;

	(void)state;
	strbuf_addc(&bytes, '\xfe');
	sftp_add_u32(&bytes, 0x80000001);
	sftp_add_u64(&bytes, 0xfedcba9876543210);
	sftp_add_string(&bytes, str_n("a\0b", 3));
	sftp_add_string(&bytes, str_of(""));
	reader = (struct sftp_reader){.rest = strbuf_str(&bytes)};
	assert_int_equal(sftp_take_u8(&reader), 0xfe);
	assert_int_equal(sftp_take_u32(&reader), 0x80000001);
	assert_true(sftp_take_u64(&reader) == 0xfedcba9876543210);
	assert_true(str_eq(sftp_take_string(&reader), str_n("a\0b", 3)));
	assert_int_equal(sftp_take_string(&reader).len, 0);
	assert_false(reader.is_broken);
	assert_int_equal(reader.rest.len, 0);
	assert_int_equal(sftp_take_u8(&reader), 0);
	assert_true(reader.is_broken);
	strbuf_release(&bytes);
}

static void test_attributes(void **state)
{
	(void)state;
	for (unsigned has = 0; has < 16; has++) {
		const struct sftp_attributes all = {.has = has,
			.size = 1ULL << 40,
			.uid = 7,
			.gid = 8,
			.mode = 0100644,
			.atime = 9,
			.mtime = 10};
		struct strbuf bytes = STRBUF_INIT;
		struct sftp_reader reader;
		struct sftp_attributes read;

		sftp_add_attributes(&bytes, &all);
		reader = (struct sftp_reader){.rest = strbuf_str(&bytes)};
		read = sftp_take_attributes(&reader);
		assert_false(reader.is_broken);
		assert_int_equal(reader.rest.len, 0);
		assert_int_equal(read.has, has);
		assert_true(read.size == (has & SFTP_HAS_SIZE ? all.size : 0));
		assert_int_equal(read.uid, has & SFTP_HAS_OWNER ? 7 : 0);
		assert_int_equal(read.mode, has & SFTP_HAS_MODE ? 0100644 : 0);
		assert_int_equal(read.mtime, has & SFTP_HAS_TIMES ? 10 : 0);
		for (size_t len = 0; len < bytes.len; len++) {
			reader = (struct sftp_reader){.rest = str_n(bytes.buf, len)};
			(void)sftp_take_attributes(&reader);
			assert_true(reader.is_broken);
		}
		strbuf_release(&bytes);
	}
}

static void test_extended_attributes(void **state)
{
	static const struct {
		const char *name;
		struct str bytes;
		bool is_broken;
		size_t left;
	} cases[] = {
		{"skipped", {"\x80\0\0\0\0\0\0\001\0\0\0\001a\0\0\0\002bcX", 20}, false, 1},
		{"none", {"\x80\0\0\0\0\0\0\0X", 9}, false, 1},
		{"more than there are", {"\x80\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 16}, true,
			0},
		{"a string too long", {"\x80\0\0\0\0\0\0\001\xff\xff\xff\xff", 12}, true, 0},
		{"unknown bits", {"\0\0\001\x10X", 5}, false, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sftp_reader reader = {.rest = cases[i].bytes};

		assert_int_equal(sftp_take_attributes(&reader).has, 0);
		assert_int_equal(reader.is_broken, cases[i].is_broken);
		if (!reader.is_broken) {
			assert_int_equal(reader.rest.len, cases[i].left);
		}
	}
}

static void test_broken_stays_broken(void **state)
{
	struct sftp_reader reader = {.rest = {"\0\0\0\005abcd\0\0\0\001", 12}};

	(void)state;
	assert_int_equal(sftp_take_string(&reader).len, 8 - 3); /* it reaches into the next */
	assert_int_equal(sftp_take_u32(&reader), 0);
	assert_true(reader.is_broken);
	assert_int_equal(sftp_take_u8(&reader), 0);
	assert_int_equal(sftp_take_u64(&reader), 0);
	assert_int_equal(sftp_take_string(&reader).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_extended_attributes),
		cmocka_unit_test(test_broken_stays_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
