/* size.c: numbers of bytes as people write them: "1.5GiB", "800 MB", "65536". */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    double bytes;
} units[] = {
    { "TiB", 1099511627776.0 },
    { "GiB", 1073741824.0 },
    { "MiB", 1048576.0 },
    { "KiB", 1024.0 },
    { "TB", 1e12 },
    { "GB", 1e9 },
    { "MB", 1e6 },
    { "KB", 1e3 },
    { "bytes", 1.0 },
    { "B", 1.0 },
    { "", 1.0 },
};

static bool unit_of(const char *text, double *bytes)
{
    for (size_t i = 0; i < FYI_LEN(units); i++)
        if (strcasecmp(text, units[i].name) == 0) {
            *bytes = units[i].bytes;
            return true;
        }
    return false;
}

bool fyi_size_read(const char *text, int64_t *bytes)
{
    const size_t digits = strspn(text, "0123456789"), number = strspn(text, "0123456789.");
    char *end;
    double unit;

    if (digits == 0 || !unit_of(text + number + (text[number] == ' '), &unit))
        return false;
    const double v = strtod(text, &end) * unit;
    if (end != text + number || !(v < 9e18))
        return false;
    *bytes = (int64_t)v;
    return true;
}

const char *fyi_size_text(uint64_t bytes, char text[FYI_SIZE_CHARS])
{
    for (size_t i = 0; i < 4; i++)
        if ((double)bytes >= units[i].bytes) {
            (void)snprintf(text, FYI_SIZE_CHARS, "%.1f %s", (double)bytes / units[i].bytes,
                           units[i].name);
            return text;
        }
    (void)snprintf(text, FYI_SIZE_CHARS, "%u bytes", (unsigned)bytes);
    return text;
}

/* In the unit that takes the fewest digits of those that divide it, so that the text reads back as the same number. */
void fyi_size_put(fyi_buf *b, int64_t bytes)
{
    size_t best = FYI_LEN(units) - 1;

    for (size_t i = 0; bytes > 0 && i < FYI_LEN(units); i++)
        if (bytes % (int64_t)units[i].bytes == 0 && units[i].bytes > units[best].bytes)
            best = i;
    fyi_buf_printf(b, "%lld%s", (long long)(bytes / (int64_t)units[best].bytes), units[best].name);
}
