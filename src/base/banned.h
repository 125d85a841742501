/*
 * Functions nobody may call here, because each has a safer counterpart in src/base.
 *
 * The build includes this file before every source file of ours (see meson.build), so that a
 * call to one of them does not compile.  The system headers that declare them come first.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define BANNED(name, instead) sorry_##name##_is_banned_use_##instead

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#undef stpcpy
#define strcpy(d, s) BANNED(strcpy, strbuf_add)
#define stpcpy(d, s) BANNED(stpcpy, strbuf_add)
#define strcat(d, s) BANNED(strcat, strbuf_add)
#define strncpy(d, s, n) BANNED(strncpy, strbuf_add)
#define strncat(d, s, n) BANNED(strncat, strbuf_add)
#define strtok(s, d) BANNED(strtok, str_split)

#undef sprintf
#undef vsprintf
#define sprintf(...) BANNED(sprintf, strbuf_addf)
#define vsprintf(...) BANNED(vsprintf, strbuf_vaddf)

#undef atoi
#undef atol
#undef atoll
#undef atof
#define atoi(s) BANNED(atoi, parse_int)
#define atol(s) BANNED(atol, parse_int)
#define atoll(s) BANNED(atoll, parse_int)
#define atof(s) BANNED(atof, parse_double)

#undef system
#undef popen
#define system(s) BANNED(system, child_start)
#define popen(c, m) BANNED(popen, child_start)

#undef gmtime
#undef localtime
#undef ctime
#undef asctime
#define gmtime(t) BANNED(gmtime, gmtime_r)
#define localtime(t) BANNED(localtime, localtime_r)
#define ctime(t) BANNED(ctime, time_format)
#define asctime(t) BANNED(asctime, time_format)

#endif
