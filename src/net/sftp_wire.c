/*
 * Numbers, strings and attributes of SFTP.  See sftp_wire.h.
 */
#include "net/sftp_wire.h"

enum { U32_BYTES = 4, U64_BYTES = 8 };

static const uint32_t HAS_EXTENDED = 0x80000000u;

/* --- reading -------------------------------------------------------------------------------- */

static const unsigned char *take(struct sftp_reader *reader, size_t len)
{
	static const unsigned char zeros[U64_BYTES];
	const char *bytes = reader->rest.ptr;

	if (reader->is_broken || reader->rest.len < len) {
		reader->is_broken = true;
		return zeros;
	}
	reader->rest = str_sub(reader->rest, len, reader->rest.len);
	return (const unsigned char *)bytes;
}

uint8_t sftp_take_u8(struct sftp_reader *reader)
{
	return *take(reader, 1);
}

uint32_t sftp_take_u32(struct sftp_reader *reader)
{
	const unsigned char *b = take(reader, U32_BYTES);

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint64_t sftp_take_u64(struct sftp_reader *reader)
{
	uint64_t high = sftp_take_u32(reader);

	return high << 32 | sftp_take_u32(reader);
}

struct str sftp_take_string(struct sftp_reader *reader)
{
	uint32_t len = sftp_take_u32(reader);
	struct str string = str_n(reader->rest.ptr, 0);

	if (reader->is_broken || len > reader->rest.len) {
		reader->is_broken = true;
		return string;
	}
	string.len = len;
	(void)take(reader, len);
	return string;
}

struct sftp_attributes sftp_take_attributes(struct sftp_reader *reader)
{
	struct sftp_attributes attributes = {0};
	uint32_t flags = sftp_take_u32(reader);

	if (flags & SFTP_HAS_SIZE) {
		attributes.size = sftp_take_u64(reader);
	}
	if (flags & SFTP_HAS_OWNER) {
		attributes.uid = sftp_take_u32(reader);
		attributes.gid = sftp_take_u32(reader);
	}
	if (flags & SFTP_HAS_MODE) {
		attributes.mode = sftp_take_u32(reader);
	}
	if (flags & SFTP_HAS_TIMES) {
		attributes.atime = sftp_take_u32(reader);
		attributes.mtime = sftp_take_u32(reader);
	}
	if (flags & HAS_EXTENDED) {
		for (uint32_t left = sftp_take_u32(reader); left > 0 && !reader->is_broken;
			left--) {
			(void)sftp_take_string(reader);
			(void)sftp_take_string(reader);
		}
	}
	attributes.has = flags & (SFTP_HAS_SIZE | SFTP_HAS_OWNER | SFTP_HAS_MODE | SFTP_HAS_TIMES);
	return attributes;
}

/* --- writing -------------------------------------------------------------------------------- */

void sftp_add_u32(struct strbuf *out, uint32_t value)
{
	const char bytes[U32_BYTES] = {
		(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};

	strbuf_add(out, bytes, sizeof(bytes));
}

void sftp_add_u64(struct strbuf *out, uint64_t value)
{
	sftp_add_u32(out, (uint32_t)(value >> 32));
	sftp_add_u32(out, (uint32_t)value);
}

void sftp_add_string(struct strbuf *out, struct str string)
{
	sftp_add_u32(out, (uint32_t)string.len);
	strbuf_addstr(out, string);
}

void sftp_add_attributes(struct strbuf *out, const struct sftp_attributes *attributes)
{
	unsigned has = attributes ? attributes->has : 0;

	sftp_add_u32(out, has);
	if (has & SFTP_HAS_SIZE) {
		sftp_add_u64(out, attributes->size);
	}
	if (has & SFTP_HAS_OWNER) {
		sftp_add_u32(out, attributes->uid);
		sftp_add_u32(out, attributes->gid);
	}
	if (has & SFTP_HAS_MODE) {
		sftp_add_u32(out, attributes->mode);
	}
	if (has & SFTP_HAS_TIMES) {
		sftp_add_u32(out, attributes->atime);
		sftp_add_u32(out, attributes->mtime);
	}
}
