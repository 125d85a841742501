/*
 * Files of known hosts in which a host gets other keys: what goes, and what must stay.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "net/ssh_hosts.h"
#include "support/run_program.h"

/* "@X@" in texts is a key of ed25519 filled with X, "%X%" one of RSA. */
static void add_blob(struct strbuf *out, char mark, char fill)
{
	struct str type = str_of(mark == '@' ? "ssh-ed25519" : "ssh-rsa");

	strbuf_add(out, "\0\0\0", 3);
	strbuf_addc(out, (char)type.len);
	strbuf_addstr(out, type);
	strbuf_add(out, "\0\0\0\040", 4);
	for (int i = 0; i < 32; i++) {
		strbuf_addc(out, fill);
	}
}

static bool is_key_mark(const char *text)
{
	return (text[0] == '@' || text[0] == '%') && text[1] != '\0' && text[2] == text[0];
}

static void add_text(struct strbuf *out, const char *text)
{
	while (*text) {
		struct strbuf blob = STRBUF_INIT;

		if (!is_key_mark(text)) {
			strbuf_addc(out, *text++);
			continue;
		}
		add_blob(&blob, text[0], text[1]);
		strbuf_adds(out, text[0] == '@' ? "ssh-ed25519 " : "ssh-rsa ");
		base64_add(out, strbuf_str(&blob));
		strbuf_release(&blob);
		text += 3;
	}
}

struct place {
	char folder[64];
	char path[128];
};

static void put(const struct place *place, const char *text)
{
	struct strbuf content = STRBUF_INIT;

	add_text(&content, text);
	assert_int_equal(file_write(place->path, strbuf_str(&content), 0600, NULL), 0);
	strbuf_release(&content);
}

static void assert_text(const struct place *place, const char *text)
{
	struct strbuf content = STRBUF_INIT, expected = STRBUF_INIT;

	add_text(&expected, text);
	assert_int_equal(file_read(place->path, FILE_REGULAR, 1 << 20, &content, NULL), 0);
	assert_string_equal(content.buf, expected.buf);
	strbuf_release(&content);
	strbuf_release(&expected);
}

/* Give `host` the keys of a text such as "@A@%B%". */
static int replace(const struct place *place, const char *host, uint16_t port, const char *keys,
	size_t *ret_removed, struct err *err)
{
	struct strbuf blobs[4] = {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT};
	struct str items[4];
	struct ssh_hosts_change change = {.name = {host, port}, .blobs = items, .appends = true};
	int rc;

	for (size_t i = 0; keys[3 * i]; i++) {
		add_blob(&blobs[i], keys[3 * i], keys[3 * i + 1]);
		items[i] = strbuf_str(&blobs[i]);
		change.blobs_count++;
	}
	rc = ssh_hosts_replace(place->path, &change, ret_removed, err);
	for (size_t i = 0; i < 4; i++) {
		strbuf_release(&blobs[i]);
	}
	return rc;
}

static void test_replace(void **state)
{
	static const struct {
		const char *before;
		uint16_t port;
		const char *keys, *after;
		size_t removed;
	} cases[] = {
		{"a @A@\n", 22, "@B@", "a @B@\n", 1},
		{"a @A@", 22, "@B@", "a @B@\n", 1},
		{"b @A@\na @A@\nc @A@", 22, "@B@", "b @A@\nc @A@\na @B@\n", 1},
		{"a @A@\na %A%\na @C@\n", 22, "@B@", "a @B@\n", 3},
		{"a @A@\na %A%\n", 22, "@B@%A%", "a %A%\na @B@\n", 1},
		{"a @A@\n", 22, "@B@%B%", "a @B@\na %B%\n", 1},
		/* What else is there stays as it is. */
		{"# a @A@\r\n\n garbage\n  A @A@ comment\n\tb @A@ x\r\n", 22, "@B@",
			"# a @A@\r\n\n garbage\n\tb @A@ x\r\na @B@\n", 1},
		{"b,a,c @A@ comment\n", 22, "@B@", "b,c @A@ comment\na @B@\n", 1},
		{"a,A @A@\n", 22, "@B@", "a @B@\n", 1},
		{"a @A@\n[a]:2222 @A@\n", 2222, "@B@", "a @A@\n[a]:2222 @B@\n", 1},
		{"@revoked a @A@\n@cert-authority a @A@\na @A@\n", 22, "@B@",
			"@revoked a @A@\n@cert-authority a @A@\na @B@\n", 1},
		/* Nothing is wrong with it. */
		{"a @A@\n", 22, "@A@%B%", "a @A@\n", 0},
		{"b @A@\n", 22, "@B@", "b @A@\n", 0},
		{"", 22, "@B@", "", 0},
	};
	struct place *place = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t removed = 99;
		struct err err = {0};

		put(place, cases[i].before);
		assert_int_equal(
			replace(place, "a", cases[i].port, cases[i].keys, &removed, &err), 0);
		assert_int_equal(removed, cases[i].removed);
		assert_text(place, cases[i].after);
	}
}

static void test_hashed(void **state)
{
	struct place *place = *state;
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};
	size_t removed;

	put(place, "a @A@\nb @A@\n");
	assert_int_equal(RUN("ssh-keygen", "-H", "-f", place->path), 0);
	assert_int_equal(replace(place, "a", 22, "@B@", &removed, &err), 0);
	assert_int_equal(removed, 1);
	assert_int_equal(file_read(place->path, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	assert_true(str_starts(strbuf_str(&text), "|1|"));
	assert_non_null(strstr(text.buf, "\na ssh-ed25519 "));
	assert_int_equal(RUN("ssh-keygen", "-F", "b", "-f", place->path), 0);
	strbuf_release(&text);
}

/* Whom a pattern is for besides is not known. */
static void test_pattern(void **state)
{
	static const char *const texts[] = {"* @A@\n", "b @A@\na,?x @A@\n", "a,!b @A@\n"};
	struct place *place = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = {0};
		size_t removed = 99;

		put(place, texts[i]);
		assert_int_equal(replace(place, "a", 22, "@B@", &removed, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, "change it by hand"));
		assert_text(place, texts[i]);
	}
}

/* Mode, owner and the symbolic link stay; a missing file stays missing. */
static void test_file(void **state)
{
	struct place *place = *state;
	struct place link = *place;
	struct err err = {0};
	struct stat st;
	size_t removed = 99;

	assert_int_equal(replace(place, "a", 22, "@B@", &removed, &err), 0);
	assert_int_equal(removed, 0);
	assert_int_equal(access(place->path, F_OK), -1);
	put(place, "a @A@\n");
	assert_int_equal(chmod(place->path, 0640), 0);
	if (getuid() == 0) {
		assert_int_equal(chown(place->path, 65534, 65534), 0);
	}
	(void)snprintf(link.path, sizeof(link.path), "%s/link", place->folder);
	assert_int_equal(symlink("known_hosts", link.path), 0);
	assert_int_equal(replace(&link, "a", 22, "@B@", &removed, &err), 0);
	assert_text(place, "a @B@\n");
	assert_int_equal(lstat(link.path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, getuid() == 0 ? 65534 : getuid());
	/* Nothing of ours is left beside it. */
	assert_int_equal(RUN("sh", "-c", "test \"$(ls -A \"$0\" | wc -l)\" = 2", place->folder), 0);
	(void)snprintf(link.path, sizeof(link.path), "/dev/null");
	assert_int_equal(replace(&link, "a", 22, "@B@", &removed, &err), 0);
	assert_int_equal(removed, 0);
	(void)snprintf(link.path, sizeof(link.path), "%s", place->folder);
	assert_int_equal(replace(&link, "a", 22, "@B@", &removed, &err), -1);
}

static int start(void **state)
{
	static struct place place;

	(void)snprintf(place.folder, sizeof(place.folder), "/tmp/test_ssh_hosts_replace.XXXXXX");
	if (!mkdtemp(place.folder)) {
		return -1;
	}
	(void)snprintf(place.path, sizeof(place.path), "%s/known_hosts", place.folder);
	*state = &place;
	return 0;
}

static int end(void **state)
{
	struct place *place = *state;

	return RUN("rm", "-rf", place->folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replace, start, end),
		cmocka_unit_test_setup_teardown(test_hashed, start, end),
		cmocka_unit_test_setup_teardown(test_pattern, start, end),
		cmocka_unit_test_setup_teardown(test_file, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
