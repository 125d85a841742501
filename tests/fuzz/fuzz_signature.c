/*
 * Whatever the headers of a webhook are, there is a verdict.  They make no signature valid that was
 * not made with the secret, and spoil none that was.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "claim.h"
#include "net/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_S INT64_C(1614265330)

/* The same message, signed by us, with what came in front of the signature. */
static void check_signed(enum signature_form form, const struct signed_message *given,
	struct str header, struct str key)
{
	struct signed_message message = *given;
	struct strbuf signature = STRBUF_INIT;
	struct signature_check check;

	message.id = str_of("msg_1");
	message.timestamp = str_of("1614265330");
	if (form == SIGNATURE_STANDARD_WEBHOOKS || form == SIGNATURE_PAGERDUTY) {
		strbuf_addstr(&signature, header);
		strbuf_addc(&signature, form == SIGNATURE_PAGERDUTY ? ',' : ' ');
	}
	signature_add(form, key, &message, &signature);
	check = signature_verify(form, &key, 1, &message, strbuf_str(&signature), NOW_S);
	claim(check.verdict ==
		(signature.len > SIGNATURE_HEADER_MAX ? SIGNATURE_MALFORMED : SIGNATURE_VALID));
	strbuf_release(&signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str key = str_of("a secret that the input does not know");
	struct str rest = str_n((const char *)data, size);
	struct signed_message message = {str_of(""), str_of(""), str_of("")};
	struct str header = str_of("");
	enum signature_form form;
	struct signature_check check;

	if (size == 0) {
		return 0;
	}
	form = (enum signature_form)(data[0] % SIGNATURE_FORMS);
	rest = str_sub(rest, 1, rest.len);
	if (str_split(&rest, '\n', &message.id) && str_split(&rest, '\n', &message.timestamp) &&
		str_split(&rest, '\n', &header) && rest.ptr) {
		message.body = rest;
	}
	check = signature_verify(form, &key, 1, &message, header, NOW_S);
	claim(check.verdict != SIGNATURE_VALID && check.verdict < SIGNATURE_VERDICTS);
	claim((check.verdict == SIGNATURE_MISMATCH) == (check.header == NULL));
	check_signed(form, &message, header, key);
	return 0;
}
