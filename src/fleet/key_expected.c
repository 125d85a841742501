/*
 * Which keys servers ought to have.  See key_expected.h.
 */
#include "fleet/key_expected.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/map.h"
#include "net/ssh_host_key.h"

enum { FILE_MAX = 64 << 20, FINGERPRINT_BYTES = 7 + 43 };

struct key_expected {
	struct ssh_hosts *hosts;
	struct map *fingerprints; /* as keys */
};

/* "SHA256:..." somewhere in the line. */
static bool find_fingerprint(struct str line, struct str *ret_word)
{
	while (str_word(&line, ret_word)) {
		if (str_starts(*ret_word, "SHA256:") && ret_word->len == FINGERPRINT_BYTES) {
			return true;
		}
	}
	return false;
}

static int read_line(struct key_expected *expected, struct str line, const char *path,
	size_t number, struct err *err)
{
	size_t skipped = ssh_hosts_lines_skipped(expected->hosts);
	struct str fingerprint;

	if (find_fingerprint(line, &fingerprint)) {
		(void)map_set(expected->fingerprints, fingerprint, expected);
		return 0;
	}
	ssh_hosts_read_text(expected->hosts, line, path);
	if (ssh_hosts_lines_skipped(expected->hosts) != skipped) {
		return err_set(err, ERR_INPUT,
			"%s:%zu is neither a line of known hosts nor a fingerprint", path, number);
	}
	return 0;
}

int key_expected_read_text(
	struct str text, const char *path, struct key_expected **ret_expected, struct err *err)
{
	struct key_expected *expected = xcalloc(1, sizeof(*expected));
	size_t lines = 0;
	struct str line;
	int rc = 0;

	*expected = (struct key_expected){
		.hosts = ssh_hosts_new(), .fingerprints = map_new(MAP_KEYS_COPIED)};
	for (size_t number = 1; rc == 0 && str_line(&text, &line); number++) {
		line = str_trim(line);
		if (line.len > 0 && line.ptr[0] != '#') {
			rc = read_line(expected, line, path, number, err);
			lines++;
		}
	}
	if (rc == 0 && lines == 0) {
		rc = err_set(err, ERR_INPUT, "'%s' has no keys", path);
	}
	if (rc < 0) {
		key_expected_free(&expected);
		return -1;
	}
	*ret_expected = expected;
	return 0;
}

int key_expected_read(const char *path, struct key_expected **ret_expected, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (file_read(path, FILE_ANY, FILE_MAX, &text, err) < 0) {
		return -1;
	}
	return key_expected_read_text(strbuf_str(&text), path, ret_expected, err);
}

void key_expected_free(struct key_expected **expected_ptr)
{
	struct key_expected *expected = TAKE(*expected_ptr);

	if (expected) {
		ssh_hosts_free(&expected->hosts);
		map_free(expected->fingerprints);
		free(expected);
	}
}

bool key_expected_has(
	struct key_expected *expected, const struct ssh_hosts_name *name, struct str blob)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	enum ssh_hosts_verdict verdict = ssh_hosts_check(expected->hosts, name, blob).verdict;

	if (verdict == SSH_HOSTS_KNOWN || verdict == SSH_HOSTS_REVOKED) {
		return verdict == SSH_HOSTS_KNOWN;
	}
	ssh_host_key_add_fingerprint(&text, blob);
	return map_has(expected->fingerprints, strbuf_str(&text));
}
