//! A call of one of the control plane's tools, under way.

use crate::control::ControlCall;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use valetkey_app::calls::AnswerRoom;

/// A call of one of its tools. Dropping it is what hanging up is for the API.
pub(super) struct Running {
    pub(super) cancellation: CancellationToken,
    pub(super) work: ControlCall,
}

impl Running {
    /// Waits for the end. A wait that was dropped can be taken up again.
    pub(super) async fn answer(&mut self) -> Result<(Value, AnswerRoom), String> {
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err("the call was cancelled; look before you repeat it".to_owned()),
            ended = &mut self.work => ended,
        }
    }
}
