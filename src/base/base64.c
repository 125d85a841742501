/*
 * Three bytes are four letters.  See base64.h.
 */
#include "base/base64.h"

#include <stdint.h>

enum { GROUP_BYTES = 3, GROUP_LETTERS = 4, LETTER_BITS = 6, LETTER_MASK = 0x3f };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_len(size_t bytes_len)
{
	return (bytes_len + GROUP_BYTES - 1) / GROUP_BYTES * GROUP_LETTERS;
}

/* 1 to 3 bytes. */
static void add_group(struct strbuf *out, struct str bytes)
{
	uint32_t bits = 0;
	char letters[GROUP_LETTERS];

	for (size_t i = 0; i < GROUP_BYTES; i++) {
		bits = bits << 8 | (i < bytes.len ? (unsigned char)bytes.ptr[i] : 0U);
	}
	for (size_t i = 0; i < GROUP_LETTERS; i++) {
		unsigned shift = LETTER_BITS * (GROUP_LETTERS - 1 - (unsigned)i);

		letters[i] = i <= bytes.len ? alphabet[bits >> shift & LETTER_MASK] : '=';
	}
	strbuf_add(out, letters, sizeof(letters));
}

void base64_add(struct strbuf *out, struct str bytes)
{
	for (size_t pos = 0; pos < bytes.len; pos += GROUP_BYTES) {
		add_group(out, str_sub(bytes, pos, GROUP_BYTES));
	}
}

/* -1: not a letter of the alphabet. */
static int value_of(char letter)
{
	if (letter >= 'A' && letter <= 'Z') {
		return letter - 'A';
	}
	if (letter >= 'a' && letter <= 'z') {
		return letter - 'a' + 26;
	}
	if (char_is_digit(letter)) {
		return letter - '0' + 52;
	}
	if (letter == '+') {
		return 62;
	}
	return letter == '/' ? 63 : -1;
}

/* Whole groups may end in "=": what is before it, or all of it. */
static struct str without_padding(struct str text)
{
	if (text.len % GROUP_LETTERS == 0 && str_ends(text, "==")) {
		return str_sub(text, 0, text.len - 2);
	}
	if (text.len % GROUP_LETTERS == 0 && str_ends(text, "=")) {
		return str_sub(text, 0, text.len - 1);
	}
	return text;
}

/* 2 to 4 letters. */
static int decode_group(struct str letters, struct strbuf *out, struct err *err)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < letters.len; i++) {
		int value = value_of(letters.ptr[i]);

		if (value < 0) {
			return err_set(
				err, ERR_INPUT, "not base64: a letter that it does not have");
		}
		bits |= (uint32_t)value << LETTER_BITS * (GROUP_LETTERS - 1 - i);
	}
	for (size_t i = 0; i + 1 < letters.len; i++) {
		strbuf_addc(out, (char)(bits >> 16));
		bits = bits << 8 & 0xffffff;
	}
	if (bits != 0) {
		return err_set(err, ERR_INPUT, "not base64: it ends in the middle of a byte");
	}
	return 0;
}

int base64_decode(struct str text, struct strbuf *out, struct err *err)
{
	struct strbuf decoded = STRBUF_INIT;
	struct str letters = without_padding(text);
	int status = 0;

	if (letters.len % GROUP_LETTERS == 1) {
		return err_set(err, ERR_INPUT, "not base64: it ends in the middle of a byte");
	}
	for (size_t pos = 0; pos < letters.len && status == 0; pos += GROUP_LETTERS) {
		status = decode_group(str_sub(letters, pos, GROUP_LETTERS), &decoded, err);
	}
	if (status == 0) {
		strbuf_addstr(out, strbuf_str(&decoded));
	}
	strbuf_release(&decoded);
	return status;
}
