/* make_digits.c: writes tests/golden/digits.inc: what the drawn digits looked like when somebody
 * last looked at them. Run it after a change of style that is meant:
 *
 *   cc -Iinclude -Isrc tests/golden/make_digits.c libferry.a <its libraries> -o make_digits
 *   ./make_digits > tests/golden/digits.inc */
#include "data/data.h"

#include <math.h>

static fy_status describe(fy_digit_style style)
{
    static const char *const names[FY_DIGIT_STYLES] = { "CLEAN", "ROTATED", "NOISY", "INVERTED",
                                                        "TEXTURED" };
    fy_digits_opts o = fy_digits_defaults(style);
    fy_dataset *d = NULL;
    fy_data_stats s;
    fyi_sha256 sum;
    char hex[65];
    float x[3 * 28 * 28];
    int64_t n;
    fy_status st;

    o.seed = 1;
    o.n = 500;
    FY_TRY(fy_digits_open(&o, &d));
    FY_TRY(fy_dataset_stats(d, 0, &s));
    n = fy_shape_numel(fy_dataset_shape(d));
    fyi_sha256_init(&sum);
    for (int64_t i = 0; i < 40; i++) {
        FY_TRY(fy_dataset_get(d, i, x, n, NULL));
        for (int64_t k = 0; k < n; k++) {
            const uint8_t v = (uint8_t)lrintf(x[k] * 255.0f);

            fyi_sha256_update(&sum, &v, 1);
        }
    }
    fyi_sha256_hex(&sum, hex);
    printf("{ \"%s\", FY_DIGITS_%s, %lld, %.4f, %.4f,\n  \"%s\" },\n", fy_digit_style_name(style),
           names[style], (long long)fy_dataset_shape(d)->d[0], s.mean, s.deviation, hex);
done:
    fy_dataset_free(d);
    return st;
}

int main(void)
{
    puts("/* Written by make_digits.c. { name, style, channels, mean, deviation, sha256 } */");
    for (int s = 0; s < FY_DIGIT_STYLES; s++)
        if (describe((fy_digit_style)s) != FY_OK)
            return 1;
    return 0;
}
