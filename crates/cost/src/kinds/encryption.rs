//! Costs of KMS keys.

use crate::{Meter, Quantity, sheet::Sheet};

/// Each of the first two rotations adds the price of a key, those after them nothing (AWS, KMS pricing, 2024).
pub(super) fn key(sheet: &mut Sheet<'_>) {
    sheet.monthly("KMS key", &Meter::KeyMonth, Quantity::ONE);
    sheet.by_use("requests to KMS", "reads and writes of what is encrypted", Meter::KeyRequests);
    if sheet.spec()["rotation"] == true {
        let depends_on = "the key's age: one more after the first rotation, two after the second, then no more";
        sheet.by_use("key material of earlier rotations", depends_on, Meter::KeyMonth);
    }
}
