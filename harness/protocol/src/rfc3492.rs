//! Punycode (RFC 3492): the ASCII in which the labels of internationalized domain names are kept,
//! and so from A-labels to U-labels (RFC 5890 §2.3.2.1).

/// The domain with each A-label as the U-label that it stands for; a label that stands for none is
/// left as it is (RFC 5890 §2.3.2.1).
pub fn u_labels(domain: &[u8]) -> Vec<u8> {
    let labels: Vec<Vec<u8>> = domain
        .split(|&octet| octet == b'.')
        .map(|label| u_label(label).unwrap_or_else(|| label.to_vec()))
        .collect();
    labels.join(&b'.')
}

/// What stands behind the prefix of an A-label, decoded; `None` if the label is not one.
fn u_label(label: &[u8]) -> Option<Vec<u8>> {
    let (prefix, rest) = label.split_at_checked(PREFIX.len())?;
    let fits = prefix.eq_ignore_ascii_case(PREFIX) && label.len() <= LABEL;
    let decoded = fits.then(|| decode(rest)).flatten()?;
    // No label has controls, spaces or dots, and the tables of IDNA are not looked at.
    let is_letter = |character: char| character.is_alphanumeric() || character == '-';
    (!decoded.is_ascii() && decoded.chars().all(is_letter)).then(|| decoded.into_bytes())
}

const PREFIX: &[u8] = b"xn--";

/// The longest label (RFC 1035 §2.3.4).
const LABEL: usize = 63;

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// RFC 3492 §6.2: basic characters up to the last hyphen, then where the others go.
fn decode(encoded: &[u8]) -> Option<String> {
    let hyphen = encoded.iter().rposition(|&octet| octet == b'-');
    let (basic, rest) = match hyphen {
        Some(at) => (&encoded[..at], &encoded[at + 1..]),
        None => (&b""[..], encoded),
    };
    let is_ldh = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    if !basic.iter().all(is_ldh) {
        return None;
    }
    let mut output: Vec<char> =
        basic.iter().map(|&octet| octet.to_ascii_lowercase().into()).collect();
    let (mut n, mut i, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    let mut digits = rest.iter();
    while !digits.as_slice().is_empty() {
        let before = i;
        let (mut weight, mut k) = (1_u32, BASE);
        loop {
            let digit = digit(*digits.next()?)?;
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let length = u32::try_from(output.len() + 1).ok()?;
        bias = adapted(i - before, length, before == 0);
        n = n.checked_add(i / length)?;
        i %= length;
        output.insert(i as usize, char::from_u32(n)?);
        i += 1;
    }
    Some(output.into_iter().collect())
}

fn digit(octet: u8) -> Option<u32> {
    char::from(octet).to_digit(BASE).map(|value| match value {
        // The letters come first here, and the digits behind them.
        0..=9 => value + 26,
        letter => letter - 10,
    })
}

/// RFC 3492 §6.1.
fn adapted(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_labels_become_u_labels() {
        for (domain, expected) in [
            ("xn--bcher-kva.example", "bücher.example"),
            ("XN--BCHER-KVA.example", "bücher.example"),
            ("mx.xn--fsqu00a.xn--0zwm56d", "mx.例子.测试"),
            ("xn--e1afmkfd.xn--80akhbyknj4f", "пример.испытание"),
            ("xn--mgba3a4f16a.ir", "ایران.ir"),
            ("example.test", "example.test"),
            ("bücher.example", "bücher.example"),
            ("", ""),
        ] {
            assert_eq!(u_labels(domain.as_bytes()), expected.as_bytes(), "{domain}");
        }
    }

    #[test]
    fn what_is_no_a_label_is_left_alone() {
        let long = format!("xn--{}-kva", "a".repeat(60));
        for label in
            ["xn--", "xn--a", "xn--abc-", "xn--99999999", "xn--\u{e9}-kva", "xn--a b-kva", &long]
        {
            assert_eq!(u_labels(label.as_bytes()), label.as_bytes(), "{label}");
        }
    }
}
