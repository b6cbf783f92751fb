//! Enums whose variants hold a struct each.

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
