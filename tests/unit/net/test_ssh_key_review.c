/*
 * All the keys of a host against what is known of it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "net/ssh_key_review.h"

/* 'a' to 'z': keys of ed25519, 'A' to 'Z': of RSA, digits: of ECDSA. */
static void add_blob(struct strbuf *out, char fill)
{
	struct str type = str_of(fill >= 'a'   ? "ssh-ed25519"
				 : fill >= 'A' ? "ssh-rsa"
					       : "ecdsa-sha2-nistp256");

	strbuf_add(out, "\0\0\0", 3);
	strbuf_addc(out, (char)type.len);
	strbuf_addstr(out, type);
	strbuf_add(out, "\0\0\0\001", 4);
	strbuf_addc(out, fill);
}

/* "web a": a line of its own; ';' ends one. */
static void know(struct ssh_hosts *hosts, const char *lines)
{
	struct strbuf text = STRBUF_INIT;
	struct str rest = str_of(lines), line;

	while (lines[0] && str_split(&rest, ';', &line)) {
		char fill = line.ptr[line.len - 1];
		struct strbuf blob = STRBUF_INIT;

		add_blob(&blob, fill);
		strbuf_addf(&text, "%.*s%s ", (int)line.len - 1, line.ptr,
			fill >= 'a'   ? "ssh-ed25519"
			: fill >= 'A' ? "ssh-rsa"
				      : "ecdsa-sha2-nistp256");
		base64_add(&text, strbuf_str(&blob));
		strbuf_addc(&text, '\n');
		strbuf_release(&blob);
	}
	ssh_hosts_read_text(hosts, strbuf_str(&text), "file");
	assert_int_equal(ssh_hosts_lines_skipped(hosts), 0);
	strbuf_release(&text);
}

enum { KEYS_MAX = 4 };

#define K SSH_KEY_KNOWN
#define A SSH_KEY_AUTHORITY
#define N SSH_KEY_NEW
#define C SSH_KEY_CHANGED
#define R SSH_KEY_REVOKED

static void test_review(void **state)
{
	static const struct {
		const char *known, *shown;
		enum ssh_key_state state, states[KEYS_MAX];
		size_t lines[KEYS_MAX];
		size_t missing;
	} cases[] = {
		{"", "", N, {K}, {0}, 0},
		{"", "aA1", N, {N, N, N}, {0}, 0},
		{"db a", "a", N, {N}, {0}, 0},
		{"web a", "a", K, {K}, {1}, 0},
		{"db b;web a;web A;web 1", "aA1", K, {K, K, K}, {2, 3, 4}, 0},
		{"web,db a", "a", K, {K}, {1}, 0},
		/* One type is known: the others are new, whatever ssh would say of them alone. */
		{"web a", "aA1", N, {K, N, N}, {1, 0, 0}, 0},
		{"web a;web A", "a1", N, {K, N}, {1, 0}, 1},
		/* None of those that are known. */
		{"web b", "aA1", C, {C, C, C}, {1, 1, 1}, 1},
		{"web B", "a", C, {C}, {1}, 1},
		{"web b;web B", "aA", C, {C, C}, {1, 2}, 2},
		/* One is, another of a known type is not. */
		{"web a;web B", "aA1", C, {K, C, N}, {1, 2, 0}, 1},
		{"web a;web b", "a", K, {K}, {1}, 1},
		{"web a;@revoked * A", "aA", R, {K, R}, {1, 2}, 0},
		{"@revoked * a", "aA", R, {R, N}, {1, 0}, 0},
		{"@cert-authority *b z", "aA", A, {A, A}, {1, 1}, 0},
		{"@cert-authority db z", "a", N, {N}, {0}, 0},
		{"@cert-authority web z;web a", "a", K, {K}, {2}, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ssh_hosts *hosts = ssh_hosts_new();
		struct arena *arena = arena_new();
		const struct ssh_hosts_name name = {"web", 22};
		struct strbuf shown[KEYS_MAX] = {
			STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT};
		struct str blobs[KEYS_MAX];
		size_t count = strlen(cases[i].shown);
		struct ssh_key_review review;

		know(hosts, cases[i].known);
		for (size_t k = 0; k < count; k++) {
			add_blob(&shown[k], cases[i].shown[k]);
			blobs[k] = strbuf_str(&shown[k]);
		}
		ssh_key_review(hosts, &name, blobs, count, arena, &review);
		assert_int_equal(review.state, cases[i].state);
		assert_int_equal(review.keys_count, count);
		assert_int_equal(review.missing_count, cases[i].missing);
		for (size_t k = 0; k < count; k++) {
			assert_int_equal(review.keys[k].state, cases[i].states[k]);
			assert_int_equal(review.keys[k].line, cases[i].lines[k]);
			assert_int_equal(review.keys[k].known.len > 0, cases[i].states[k] == C);
		}
		for (size_t k = 0; k < KEYS_MAX; k++) {
			strbuf_release(&shown[k]);
		}
		ssh_hosts_free(&hosts);
		arena_free(arena);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(ssh_key_state_name(SSH_KEY_KNOWN), "known");
	assert_string_equal(ssh_key_state_name(SSH_KEY_REVOKED), "revoked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_review),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
