/*
 * See ssh_key_review.h.
 */
#include "net/ssh_key_review.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "net/ssh_host_key.h"

const char *ssh_key_state_name(enum ssh_key_state state)
{
	static const char *const names[] = {
		[SSH_KEY_KNOWN] = "known",
		[SSH_KEY_AUTHORITY] = "authority",
		[SSH_KEY_NEW] = "new",
		[SSH_KEY_CHANGED] = "changed",
		[SSH_KEY_REVOKED] = "revoked",
	};

	static_assert(ARRAY_LEN(names) == SSH_KEY_STATES_MAX, "a name for each");
	return names[state];
}

static bool is_same_type(struct str blob, struct str other)
{
	struct str type, other_type;

	return ssh_host_key_type(blob, &type) && ssh_host_key_type(other, &other_type) &&
	       str_eq(type, other_type);
}

static enum ssh_key_state state_of(const struct ssh_hosts_finding *finding, bool has_authority)
{
	switch (finding->verdict) {
	case SSH_HOSTS_KNOWN:
		return SSH_KEY_KNOWN;
	case SSH_HOSTS_UNKNOWN:
		return has_authority ? SSH_KEY_AUTHORITY : SSH_KEY_NEW;
	case SSH_HOSTS_CHANGED:
		return SSH_KEY_CHANGED;
	case SSH_HOSTS_REVOKED:
		break;
	}
	return SSH_KEY_REVOKED;
}

static struct ssh_reviewed_key review_key(
	struct ssh_hosts *hosts, const struct ssh_hosts_name *name, struct str blob)
{
	struct ssh_hosts_finding finding = ssh_hosts_check(hosts, name, blob);
	const struct ssh_hosts_finding authority = ssh_hosts_authority(hosts, name);
	enum ssh_key_state state = state_of(&finding, authority.verdict == SSH_HOSTS_KNOWN);

	if (state == SSH_KEY_AUTHORITY) {
		finding = authority;
	}
	return (struct ssh_reviewed_key){.state = state,
		.blob = blob,
		.path = finding.path,
		.line = finding.line,
		.known = state == SSH_KEY_CHANGED ? finding.blob : str_n("", 0)};
}

/* Of another type than all that are known. */
static void excuse_other_types(struct ssh_key_review *review)
{
	bool has_known = false;

	for (size_t i = 0; i < review->keys_count; i++) {
		has_known |= review->keys[i].state == SSH_KEY_KNOWN;
	}
	for (size_t i = 0; has_known && i < review->keys_count; i++) {
		struct ssh_reviewed_key *key = &review->keys[i];

		if (key->state == SSH_KEY_CHANGED && !is_same_type(key->blob, key->known)) {
			*key = (struct ssh_reviewed_key){.state = SSH_KEY_NEW,
				.blob = key->blob,
				.path = "",
				.known = str_n("", 0)};
		}
	}
}

struct missing {
	struct ssh_key_review *review;
	struct ssh_hosts_finding *items;
	size_t items_count, items_alloc;
};

static void add_missing(void *arg, const struct ssh_hosts_finding *finding)
{
	struct missing *missing = arg;

	for (size_t i = 0; i < missing->review->keys_count; i++) {
		if (str_eq(missing->review->keys[i].blob, finding->blob)) {
			return;
		}
	}
	*VEC_PUSH(missing, items) = *finding;
}

void ssh_key_review(struct ssh_hosts *hosts, const struct ssh_hosts_name *name,
	const struct str *blobs, size_t blobs_count, struct arena *arena,
	struct ssh_key_review *ret_review)
{
	struct ssh_key_review review = {.state = SSH_KEY_NEW, .keys_count = blobs_count};
	struct missing missing = {.review = &review};

	review.keys = arena_alloc(arena, (blobs_count + 1) * sizeof(*review.keys));
	for (size_t i = 0; i < blobs_count; i++) {
		review.keys[i] = review_key(hosts, name, blobs[i]);
	}
	excuse_other_types(&review);
	for (size_t i = 0; i < blobs_count; i++) {
		if (i == 0 || review.keys[i].state > review.state) {
			review.state = review.keys[i].state;
		}
	}
	ssh_hosts_each_key(hosts, name, add_missing, &missing);
	if (missing.items_count > 0) {
		size_t size = missing.items_count * sizeof(*missing.items);

		review.missing = arena_alloc(arena, size);
		memcpy(review.missing, missing.items, size);
		review.missing_count = missing.items_count;
	}
	free(missing.items);
	*ret_review = review;
}
