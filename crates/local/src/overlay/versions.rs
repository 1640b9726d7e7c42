//! S3's listing of versions, in pages: the emulated service cuts it off after the first.

use winterbaume_core::{parse_query_string, xml_escape};

use super::completed::text;
use crate::Response;

/// S3's largest page.
const LARGEST: usize = 1000;
const ENTRIES: [&str; 2] = ["Version", "DeleteMarker"];

/// The request that makes the emulated service answer with everything.
pub(super) fn whole(bucket: &str, query: &str) -> String {
    let kept = query.split('&').filter(|pair| pair.starts_with("prefix=") || pair.starts_with("delimiter="));
    let kept: String = kept.map(|pair| format!("&{pair}")).collect();
    format!("{bucket}?versions&max-keys=100000000{kept}")
}

/// The page of everything that the query asks for.
pub(super) fn page(answer: Response, query: &str) -> Response {
    if answer.status >= 300 {
        return answer;
    }
    let asked = parse_query_string(query);
    let all = String::from_utf8_lossy(&answer.body).into_owned();
    let mut entries: Vec<(String, String, String)> = ENTRIES.iter().flat_map(|name| elements(&all, name)).collect();
    // Stable: of each key the service says the order.
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let after = match (asked.get("key-marker"), asked.get("version-id-marker").filter(|id| !id.is_empty())) {
        (None, _) => 0,
        (Some(key), None) => entries.iter().take_while(|entry| entry.0 <= *key).count(),
        // If that version was deleted meanwhile, the page begins with the remaining versions of its key.
        (Some(key), Some(id)) => entries
            .iter()
            .position(|entry| entry.0 == *key && entry.1 == *id)
            .map_or_else(|| entries.iter().take_while(|entry| entry.0 < *key).count(), |at| at + 1),
    };
    let most = asked.get("max-keys").and_then(|most| most.parse().ok()).unwrap_or(LARGEST).min(LARGEST);
    let shown = &entries[after..entries.len().min(after + most)];
    let is_cut = after + shown.len() < entries.len();
    let mut body = String::from("<ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    body += &format!("<IsTruncated>{is_cut}</IsTruncated>");
    if let Some((key, id, _)) = shown.last().filter(|_| is_cut) {
        let key = xml_escape(key);
        body += &format!("<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{id}</NextVersionIdMarker>");
    }
    body.extend(shown.iter().map(|(_, _, entry)| entry.as_str()));
    body.extend(elements(&all, "CommonPrefixes").into_iter().map(|(_, _, prefix)| prefix));
    body += "</ListVersionsResult>";
    Response { body: body.into(), ..answer }
}

/// Elements of a name, each with the key and version it tells of.
fn elements(page: &str, name: &str) -> Vec<(String, String, String)> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inner = page.split(&open).skip(1).filter_map(|rest| rest.split(&close).next());
    let told = |inner: &str, name| text(inner, name).unwrap_or_default();
    inner.map(|inner| (told(inner, "Key"), told(inner, "VersionId"), format!("{open}{inner}{close}"))).collect()
}
