//! Reading a setting that has a shorthand beside its tagged form.
//!
//! The shorthand is for the visitor that calls this; a map goes on to the derived reading by tag, so that an error still tells the
//! whole path of the wrong value. (An untagged enum would only say that nothing matched.)

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess};

/// Reads `{"tag": …}` by `read`, the derived reading, and refuses a second tag.
pub(crate) fn tagged<'de, A: MapAccess<'de>, T>(
    mut map: A,
    read: impl FnOnce(MapAccessDeserializer<&mut A>) -> Result<T, A::Error>,
) -> Result<T, A::Error> {
    let value = read(MapAccessDeserializer::new(&mut map))?;
    match map.next_entry::<String, IgnoredAny>()? {
        None => Ok(value),
        Some((second, _)) => Err(A::Error::custom(format!(
            "one setting is wanted here, and `{second}` is a second one"
        ))),
    }
}
