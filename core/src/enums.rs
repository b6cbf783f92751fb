//! Enums: over names that the service may extend, and over structs.

/// Defines an enum over wire names that keeps, as `Other`, a name it does not know.
///
/// The empty name is the default and stands for "was not given". Names after the first are other words for the same;
/// they are read, and never written. Those of a `tolerant` enum are read whatever their case and underscores.
macro_rules! open_enum {
    (
        $(#[$doc:meta])*
        pub enum $name:ident { $($variants:tt)+ }
    ) => {
        $crate::enums::open_enum!(@define $(#[$doc])* $name, false, { $($variants)+ });
    };
    (
        $(#[$doc:meta])*
        pub tolerant enum $name:ident { $($variants:tt)+ }
    ) => {
        $crate::enums::open_enum!(@define $(#[$doc])* $name, true, { $($variants)+ });
    };
    (
        @define $(#[$doc:meta])* $name:ident, $tolerant:literal,
        { $( $(#[$variant_doc:meta])* $variant:ident = $wire:literal $(| $other:literal)*, )+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_doc])* $variant, )+
            /// A name that this version of the library does not know, as the service wrote it.
            Other(Box<str>),
        }

        impl $name {
            /// The name on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )+
                    Self::Other(name) => name,
                }
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                const TOLERANT: bool = $tolerant;
                let same = $crate::enums::same;
                match name {
                    $( $wire $(| $other)* => Self::$variant, )+
                    $( _ if TOLERANT && (same(name, $wire) $(|| same(name, $other))*) => Self::$variant, )+
                    _ => Self::Other(name.into()),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other("".into())
            }
        }

        $crate::json::read_text!($name);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&$crate::printable::Printable(self.as_str()), f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Name;
                impl serde::de::Visitor<'_> for Name {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a name")
                    }
                    fn visit_str<E>(self, name: &str) -> Result<$name, E> {
                        Ok($name::from(name))
                    }
                }
                deserializer.deserialize_str(Name)
            }
        }
    };
}

pub(crate) use open_enum;

/// Whether two names differ in nothing but case and underscores.
pub(crate) fn same(name: &str, known: &str) -> bool {
    let letters = |byte: &u8| *byte != b'_';
    let (name, known) = (name.bytes().filter(letters), known.bytes().filter(letters));
    name.map(|byte| byte.to_ascii_lowercase()).eq(known.map(|byte| byte.to_ascii_lowercase()))
}

/// Makes each struct convertible into the enum that it is a variant of.
macro_rules! variants {
    ($name:ident { $($variant:ident($data:ident),)+ }) => {
        $(
            impl From<$data> for $name {
                fn from(data: $data) -> Self {
                    Self::$variant(data)
                }
            }
        )+
    };
}
pub(crate) use variants;
