//! The requests to a bucket: signed, and sent again after a failure that may pass.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use reqsign_aws_v4::Credential;
use reqsign_core::{Context, Signer};
use ureq::http::{Method, Request as HttpRequest, Response as HttpResponse};
use ureq::{Agent, AsSendBody, Body};

use super::configuration::Configuration;
use super::credentials;
use super::failure::{Cause, Failure};
use super::request::Request;
use super::response::{self, Response};
use super::retry::Patience;
use super::transport::agent;
use super::xml::{self, ErrorDocument};
use crate::block_on::block_on;
use crate::location::S3Location;

/// The limit for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The limit for an answer without the time for its bytes. Servers need minutes to complete a large
/// upload.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(5);
/// The limit for the first answer with its bytes, which are few.
const FIRST_ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The limit for the document of an error in bytes.
const LONGEST_ERROR: u64 = 1 << 20;
/// The lowest rate of a transfer, in bytes per second.
const LOWEST_RATE: u64 = 64 << 10;

/// A client for the requests to a bucket.
pub(super) struct Client {
    agent: Agent,
    signer: Signer<Credential>,
    bucket_url: String,
    patience: Patience,
    /// `true` as soon as the server answered.
    is_reached: AtomicBool,
    /// `true` after a request was repeated to no avail. Later ones are not repeated then, so that
    /// the end of an operation is not delayed by each of them.
    is_given_up: AtomicBool,
    /// The time of the server in its last answer.
    server_time: Mutex<Option<SystemTime>>,
}

impl Client {
    pub(super) fn new(
        location: &S3Location,
        context: Context,
        patience: Patience,
    ) -> io::Result<Self> {
        let Configuration { region, bucket_url } = Configuration::new(location, &context)?;
        Ok(Self {
            agent: agent(CONNECT_TIMEOUT, None),
            signer: credentials::signer(context, &region),
            bucket_url,
            patience,
            is_reached: AtomicBool::new(false),
            is_given_up: AtomicBool::new(false),
            server_time: Mutex::new(None),
        })
    }

    /// Returns the time of the server in its last answer.
    pub(super) fn server_time(&self) -> Option<SystemTime> {
        *self
            .server_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request until it succeeds, or fails for good. The failure says whether an attempt
    /// may have had an effect.
    pub(super) fn send(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let mut number = 0;
        let mut may_have_effect = false;
        loop {
            let failure = match self.send_once(request) {
                Err(mut failure) => {
                    may_have_effect |= failure.may_have_effect;
                    failure.may_have_effect = may_have_effect;
                    failure
                }
                response => {
                    self.is_given_up.store(false, Ordering::Relaxed);
                    return response;
                }
            };
            if !failure.is_transient() {
                self.is_given_up.store(false, Ordering::Relaxed);
                return Err(failure);
            }
            // A server that never answered has a wrong address more often than a short failure.
            let is_hopeless = matches!(failure.cause, Cause::Unreachable | Cause::Lost)
                && !self.is_reached.load(Ordering::Relaxed);
            let is_given_up = self.is_given_up.load(Ordering::Relaxed);
            match self.patience.delay(number) {
                Some(delay) if !is_hopeless && !is_given_up => thread::sleep(delay),
                _ => {
                    self.is_given_up.store(true, Ordering::Relaxed);
                    return Err(failure);
                }
            }
            number += 1;
        }
    }

    fn send_once(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let http = self.sign(request)?;
        let timeout = if self.is_reached.load(Ordering::Relaxed) {
            let bytes = request.body.len() as u64 + request.limit.min(16 << 20);
            ANSWER_TIMEOUT + Duration::from_secs(bytes / LOWEST_RATE)
        } else {
            FIRST_ANSWER_TIMEOUT
        };
        let (head, ()) = http.into_parts();
        let has_body = matches!(request.method, Method::PUT | Method::POST);
        let answer = if has_body {
            self.run(HttpRequest::from_parts(head, request.body), timeout)
        } else {
            self.run(HttpRequest::from_parts(head, ()), timeout)
        };
        let answer = answer.map_err(|error| Failure::of_transport(&error))?;
        self.is_reached.store(true, Ordering::Relaxed);

        let (head, body) = answer.into_parts();
        if let Some(time) = response::time(&head.headers, "date") {
            *self
                .server_time
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(time);
        }
        let limit = if head.status.is_success() {
            request.limit
        } else {
            LONGEST_ERROR
        };
        let body = body.into_with_config().limit(limit).read_to_vec();
        let body = body.map_err(|error| Failure::of_transport(&error))?;
        // A server begins the answer to a long operation with status 200, and may fail later.
        let is_error = !head.status.is_success()
            || (request.answer.is_some() && xml::has_root(&body, "Error"));
        if is_error {
            let document = ErrorDocument::parse(&body);
            Err(Failure::of_answer(
                head.status.as_u16(),
                &head.headers,
                document,
            ))
        } else if request
            .answer
            .is_some_and(|root| !xml::has_root(&body, root))
        {
            Err(Failure::new(
                Cause::Lost,
                "the answer of the server is not complete",
            ))
        } else {
            Ok(Response::new(head.headers, body, head.status == 206))
        }
    }

    /// Sends a signed request, and returns the answer within a time.
    fn run(
        &self,
        http: HttpRequest<impl AsSendBody>,
        timeout: Duration,
    ) -> Result<HttpResponse<Body>, ureq::Error> {
        let http = self.agent.configure_request(http);
        self.agent.run(http.timeout_per_call(Some(timeout)).build())
    }

    /// Returns a request with its signature in a header: never in the URL, which proxies log.
    fn sign(&self, request: &Request<'_>) -> Result<HttpRequest<()>, Failure> {
        let http = request
            .to_http(&self.bucket_url)
            .map_err(|_| Failure::new(Cause::Other, "the name cannot be in a URL"))?;
        let (mut head, body) = http.into_parts();
        // Only the credentials are waited for, which this thread looks for itself.
        let signed = block_on(self.signer.sign(&mut head, None));
        signed.map_err(|error| credentials::failure(&error))?;
        Ok(HttpRequest::from_parts(head, body))
    }
}
