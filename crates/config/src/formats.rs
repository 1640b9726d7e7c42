//! The rules for text beyond patterns, by the names that schemas have for them.

use crate::environment::cidr::Cidr;
use crate::environment::schedule;

/// Applies the rule that a schema's `format` names. Other formats are for editors only.
pub(crate) fn check_format(format: &str, text: &str) -> Result<(), String> {
    match format {
        "cidr" => text.parse::<Cidr>().map(|_| ()),
        "schedule" => schedule::check(text),
        "key" if text.contains(":alias/") => Err(format!(
            "`{text}` is the ARN of an alias, which can be pointed at another key: name the key itself, `…:key/…`"
        )),
        "iam-path" if text.starts_with("/aws-") => {
            Err(format!("`{text}` is a path that AWS keeps for its own roles: use another one"))
        }
        "iam-path" if text.len() > 512 => Err(format!("the path has {} characters, and IAM takes 512", text.len())),
        "cron" => schedule::check_glue(text),
        "version-requirement" => crate::version::check(text),
        "tag" => match text.chars().find(|sign| !sign.is_alphanumeric() && !" _.:/=+@-".contains(*sign)) {
            Some(sign) => {
                Err(format!("`{}` is U+{:04X}, which tags do not hold", sign.escape_debug(), u32::from(sign)))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
