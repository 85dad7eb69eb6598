/* Guards the two hashes against their published values: caches and run records of other machines
 * are found by them. */
#include "support/support.h"

#include <string.h>

/* xxhsum 0.8.1 -H64; every branch of the tail and of the stripes is in one of them. */
static const struct xxh_case {
    const char *text;
    uint64_t expected;
} xxhs[] = {
    { "", 0xef46db3751d8e999u },
    { "a", 0xd24ec4f1a98c6e5bu },
    { "abc", 0x44bc2cf5ad770999u },
    { "12345678", 0xd2d02f08cf7cfd4au },
    { "123456789012345", 0xc377d78ade001a3cu },
    { "The quick brown fox jumps over the lazy dog", 0x0b242d361fda71bcu },
    { "12345678901234567890123456789012", 0x40fd1aa52d98274cu },
    { "1234567890123456789012345678901234567890123456789012345678901234567890123456789",
      0x9a2e0d0f1e2a6d40u },
};

static void hash64_is_xxh64(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(xxhs); i++)
        assert_int_equal(fyi_hash64(xxhs[i].text, strlen(xxhs[i].text), 0), xxhs[i].expected);
}

static void hash64_depends_on_the_seed_and_not_on_alignment(void **state)
{
    char bytes[80];
    uint64_t first = 0;

    (void)state;
    for (size_t offset = 0; offset < 8; offset++) {
        for (size_t i = 0; i < 70; i++)
            bytes[offset + i] = (char)(i * 7);
        if (offset == 0)
            first = fyi_hash64(bytes, 70, 0);
        assert_int_equal(fyi_hash64(bytes + offset, 70, 0), first);
        assert_true(fyi_hash64(bytes + offset, 70, 1 + offset) != first);
    }
}

static const struct sha_case {
    const char *text;
    int n_times;
    const char *expected, *why;
} shas[] = {
    { "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "only padding" },
    { "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "FIPS 180-2, B.1" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "B.2: two blocks" },
    { "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "B.3" },
};

static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(shas); i++) {
        fyi_sha256 s;
        char hex[65];

        fyi_sha256_init(&s);
        for (int k = 0; k < shas[i].n_times; k++)
            fyi_sha256_update(&s, shas[i].text, strlen(shas[i].text));
        fyi_sha256_hex(&s, hex);
        assert_string_equal(hex, shas[i].expected);
    }
}

/* Every length around the block's, and every way to cut it in two, against one piece. */
static void sha256_does_not_depend_on_the_pieces(void **state)
{
    uint8_t bytes[200];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 31);
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        char whole[65], parts[65];
        fyi_sha256 s;

        fyi_sha256_init(&s);
        fyi_sha256_update(&s, bytes, n);
        fyi_sha256_hex(&s, whole);
        for (size_t cut = 0; cut <= n; cut += 7) {
            fyi_sha256_init(&s);
            fyi_sha256_update(&s, bytes, cut);
            fyi_sha256_update(&s, bytes + cut, n - cut);
            fyi_sha256_hex(&s, parts);
            assert_string_equal(parts, whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash64_is_xxh64),
        cmocka_unit_test(hash64_depends_on_the_seed_and_not_on_alignment),
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(sha256_does_not_depend_on_the_pieces),
    };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
