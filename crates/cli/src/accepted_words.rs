//! The words that a key of the configuration accepts, read off its type, so that help texts cannot fall behind.

use espejo_train::RunConfig;
use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// The accepted words of the enum that `key` takes from a configuration, as in `pool, stride`.
pub fn accepted_words<T: for<'de> Deserialize<'de>>(_key: fn(RunConfig) -> T) -> String {
    let mut words: &'static [&'static str] = &[];
    // An enum asks its deserializer for one of its variants: their names are all that is wanted here.
    let refused = T::deserialize(Variants(&mut words));
    debug_assert!(refused.is_err(), "nothing was there to read");
    words.join(", ")
}

/// A deserializer without a value, which keeps the variants that it is asked for.
struct Variants<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Variants<'_> {
    type Error = Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = variants;
        Err(Error::custom("no value"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("no enum"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_enum() {
        assert_eq!(accepted_words(|config| config.model.down), "pool, stride");
        assert_eq!(
            accepted_words(|config| config.train.precision),
            "single, double, half"
        );
    }

    #[test]
    fn what_is_no_enum_has_no_words() {
        assert_eq!(accepted_words(|config| config.train.epochs), "");
    }
}
