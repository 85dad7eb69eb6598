# Weights written by hand: a safetensors file of one linear layer.
#
#   write_linear FILE CLASSES INPUTS CLASS [METADATA]   weights 0, bias 1 for CLASS and 0 for the others
#   write_nan FILE CLASSES INPUTS                       nothing but NaN
#
# METADATA are lines "key":"value", as Ferry itself would write them; the file then carries its SHA-256.

no_sum=$(printf '0%.0s' {1..64})

zeros() {
    head -c "$1" /dev/zero
}

# The length as eight bytes, the lowest first, and the header.
put_header() {
    local header=$1 n=${#1} i
    for i in 0 1 2 3 4 5 6 7; do
        printf "\\$(printf %03o $((n >> (8 * i) & 255)))"
    done
    printf %s "$header"
}

linear_header() {
    local w=$((4 * $1 * $2)) b=$((4 * $1))
    printf '{'
    [ -z "$3" ] || printf '"__metadata__":{"ferry.sha256":"%s",%s},' "$no_sum" "$(tr -d '\n' <<<"$3")"
    printf '"fc.weight":{"dtype":"F32","shape":[%d,%d],"data_offsets":[0,%d]},' "$1" "$2" "$w"
    printf '"fc.bias":{"dtype":"F32","shape":[%d],"data_offsets":[%d,%d]}}' "$1" "$w" $((w + b))
}

# The hash is that of the file with zeros in its place.
seal() {
    local sum
    sum=$(sha256sum <"$1" | cut -d' ' -f1)
    LC_ALL=C sed -i "0,/\"$no_sum\"/s//\"$sum\"/" "$1"
}

write_linear() {
    {
        put_header "$(linear_header "$2" "$3" "${5-}")"
        zeros $((4 * $2 * $3 + 4 * $4))
        printf '\000\000\200\077' # 1.0
        zeros $((4 * ($2 - $4 - 1)))
    } >"$1"
    [ -z "${5-}" ] || seal "$1"
}

write_nan() {
    {
        put_header "$(linear_header "$2" "$3" "")"
        zeros $((4 * $2 * ($3 + 1))) | tr '\000' '\377'
    } >"$1"
}
