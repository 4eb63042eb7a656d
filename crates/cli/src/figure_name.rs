//! The names of figures in a run's folder. Those that training draws belong to the run: a command that was told to draw something
//! else says in the name what, so that it overwrites none of them.

/// The longest name, without its ending: file systems take 255 bytes.
const LONGEST: usize = 100;
/// Signs that become `_` without anybody missing them.
const CLEAR: [char; 3] = [' ', '/', ':'];

/// The name of a figure of this kind. What the command was told stands behind it, as in `reconstruction-mnist-first-8`.
pub fn figure_name(kind: &str, told: &[String]) -> String {
    let mut name = kind.to_owned();
    for word in told {
        name.push('-');
        name.extend(word.chars().map(plain));
    }
    let is_clear = |sign: char| plain(sign) == sign || CLEAR.contains(&sign);
    if name.len() <= LONGEST && told.iter().all(|word| word.chars().all(is_clear)) {
        return name;
    }
    // Two texts that differ in odd signs or at their ends alone keep different names.
    let cut: String = name.chars().take(LONGEST).collect();
    format!("{cut}-{:08x}", hash(&told.join("-")))
}

/// A sign that every file system takes, in names that shells need no quotes for.
fn plain(sign: char) -> char {
    match sign.is_ascii_alphanumeric() || "-_.,".contains(sign) {
        true => sign,
        false => '_',
    }
}

/// FNV-1a, 32 bits.
fn hash(text: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(0x811c_9dc5, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(told: &[&str]) -> String {
        let told: Vec<String> = told.iter().map(|word| (*word).to_owned()).collect();
        figure_name("reconstruction", &told)
    }

    #[test]
    fn what_was_told_stands_behind_the_kind() {
        assert_eq!(name(&[]), "reconstruction");
        assert_eq!(name(&["mnist", "first-8"]), "reconstruction-mnist-first-8");
    }

    #[test]
    fn different_texts_have_different_names_that_every_system_takes() {
        // The FNV-1a of the empty text and of `a`, as its authors give them.
        assert_eq!((hash(""), hash("a")), (0x811c_9dc5, 0xe40c_292c));
        assert_eq!(name(&["T-shirt/top"]), "reconstruction-T-shirt_top");
        let names = ["T-shirt", "字", "!", "?", "!!"].map(|word| name(&[word]));
        for (index, one) in names.iter().enumerate() {
            assert!(
                one.starts_with("reconstruction-") && one.is_ascii(),
                "{one}"
            );
            assert!(
                !one.contains(['/', ' ', '?']) && !names[..index].contains(one),
                "{one}"
            );
        }
        let long = name(&["x".repeat(4000).as_str()]);
        assert!(
            long.len() < 120 && long != name(&["x".repeat(4001).as_str()]),
            "{long}"
        );
    }
}
