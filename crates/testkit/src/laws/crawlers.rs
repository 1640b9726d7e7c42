//! A crawler that runs, or is stopping, can be neither changed nor deleted.
//! <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html>

use super::{law::Law, world::World};
use crate::wire::{Asked, Refusal, answered, show};
use async_trait::async_trait;
use local::Response;
use std::collections::BTreeMap;
use tokio::time::Instant;

#[derive(Clone, Copy)]
enum Crawl {
    Running(Instant),
    Stopping(Instant),
}

impl Crawl {
    fn end(self) -> Instant {
        match self {
            Self::Running(end) | Self::Stopping(end) => end,
        }
    }
}

/// The crawls under way, by crawler.
#[derive(Clone, Default)]
pub(super) struct Crawlers {
    crawls: BTreeMap<String, Crawl>,
}

#[async_trait]
impl Law for Crawlers {
    async fn tick(&mut self, world: &World<'_>) {
        self.crawls.retain(|_, crawl| crawl.end() > world.now);
    }

    async fn before(&mut self, asked: &Asked, world: &World<'_>) -> Option<Response> {
        if asked.service != "glue" {
            return None;
        }
        let name = asked.text("Name");
        let refuse = |code: &str, message: &str| Some(Refusal::new(code, message).to(&asked.call));
        let done = Response::json(200, "{}");
        match (asked.operation.as_str(), self.crawls.get(name)) {
            ("StartCrawler", None) => {
                let end = world.after(60..=180, &format!("{name} crawls"));
                self.crawls.insert(name.to_owned(), Crawl::Running(end));
                Some(done)
            }
            ("StopCrawler", Some(Crawl::Running(_))) => {
                let end = world.after(10..=40, &format!("{name} stops"));
                self.crawls.insert(name.to_owned(), Crawl::Stopping(end));
                Some(done)
            }
            ("StopCrawler", Some(Crawl::Stopping(_))) => {
                refuse("CrawlerStoppingException", &format!("Crawler with name {name} is stopping"))
            }
            ("StopCrawler", None) => {
                refuse("CrawlerNotRunningException", &format!("Crawler with name {name} isn't running"))
            }
            ("StartCrawler" | "UpdateCrawler" | "DeleteCrawler", Some(_)) => {
                refuse("CrawlerRunningException", &format!("Crawler with name {name} is running"))
            }
            _ => None,
        }
    }

    async fn after(&mut self, asked: &Asked, response: &mut Response, _: &World<'_>) {
        if !asked.is("glue", "BatchGetCrawlers") || response.status >= 300 {
            return;
        }
        let mut answer = answered(asked, response);
        for crawler in answer["Crawlers"].as_array_mut().into_iter().flatten() {
            let crawl = crawler["Name"].as_str().and_then(|name| self.crawls.get(name));
            if let Some(crawl) = crawl {
                crawler["State"] = match crawl {
                    Crawl::Running(_) => "RUNNING",
                    Crawl::Stopping(_) => "STOPPING",
                }
                .into();
            }
        }
        show(asked, response, &answer);
    }

    fn copy(&self) -> Box<dyn Law> {
        Box::new(self.clone())
    }
}
