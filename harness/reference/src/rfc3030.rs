//! RFC 3030 §2 and §3: CHUNKING, the message in chunks that are counted, and BINARYMIME, the
//! message of any octets, which goes in chunks only.

mod binarymime;
pub(crate) mod chunking;

pub(crate) use binarymime::{BinaryMime, is_binary, is_undeclared, is_value};
pub(crate) use chunking::Chunking;
